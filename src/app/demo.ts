export async function startDemo(): Promise<() => Promise<void>> {
  throw new Error('not there yet');
}
