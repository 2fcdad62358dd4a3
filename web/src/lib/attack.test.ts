import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackTag } from './attack.ts';

test('techniques and tactics get names', () => {
  assert.deepEqual(attackTag('attack.t1110.001'), {
    id: 'T1110.001',
    name: 'Brute force: Password guessing',
    kind: 'technique',
  });
  assert.deepEqual(attackTag('credential_access'), {
    id: 'credential-access',
    name: 'Credential access',
    kind: 'tactic',
  });
  assert.deepEqual(attackTag('T9999'), { id: 'T9999', name: '', kind: 'technique' });
});
