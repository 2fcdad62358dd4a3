/** `meta`: facts about the database itself (`format`). Written by migrations alone. */
export type MetaRow = { key: string; value: string };
