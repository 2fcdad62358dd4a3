/** Random ids and secrets, their hashes, and comparison in constant time. Secrets here are random, so SHA-256 is enough. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 128 bits, base64url. */
export const newSessionId = (): string => randomBytes(16).toString('base64url');
export const SESSION_ID = /^[A-Za-z0-9_-]{22}$/;

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** For two hashes in hex; false where the lengths differ. */
export function sameHash(a: string, b: string): boolean {
  const x = Buffer.from(a, 'hex');
  const y = Buffer.from(b, 'hex');
  return x.length === y.length && x.length > 0 && timingSafeEqual(x, y);
}

/** Marks Vigil's tokens, so that people and scanners recognise a leaked one. */
export const TOKEN_PREFIX = 'vgl_';
const TOKEN = /^vgl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** A token as text (`vgl_<id>_<256-bit secret>`), shown once, and what is stored of it. */
export function newToken(): { readonly id: string; readonly text: string; readonly hash: string } {
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, text: `${TOKEN_PREFIX}${id}_${secret}`, hash: sha256Hex(secret) };
}
export function parseToken(text: string): { readonly id: string; readonly hash: string } | undefined {
  const m = TOKEN.exec(text);
  return m === null ? undefined : { id: m[1] ?? '', hash: sha256Hex(m[2] ?? '') };
}

/** Letters and digits that are not mistaken for each other (no 0, O, 1, l, I). */
const PASSWORD_LETTERS = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const PASSWORD_LENGTH = 20;
/** A password of ~116 bits, in groups of five. */
export function newPassword(): string {
  let out = '';
  while (out.length < PASSWORD_LENGTH) {
    for (const b of randomBytes(32)) {
      // 4 x 56 = 224: bytes above would make some letters likelier.
      if (b < 4 * PASSWORD_LETTERS.length && out.length < PASSWORD_LENGTH) {
        out += PASSWORD_LETTERS[b % PASSWORD_LETTERS.length] ?? '';
      }
    }
  }
  return out.replace(/(.{5})(?=.)/g, '$1-');
}
