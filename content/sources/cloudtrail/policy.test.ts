import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicPolicy } from './policy.ts';

const allow = (extra: object) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*', ...extra }],
});

test('a statement that lets everybody in, as an object, as text and under any name', () => {
  assert.equal(isPublicPolicy({ bucketPolicy: allow({ Principal: '*' }) }), true);
  assert.equal(isPublicPolicy({ policyText: JSON.stringify(allow({ Principal: { AWS: ['*'] } })) }), true);
  assert.equal(
    isPublicPolicy({ attributes: { Policy: JSON.stringify(allow({ Principal: { AWS: '*' } })) } }),
    true,
  );
  const single = { Statement: { Effect: 'Allow', Principal: '*', Action: 'x' } };
  assert.equal(isPublicPolicy({ policy: single }), true);
});

test('what keeps others out', () => {
  assert.equal(
    isPublicPolicy({ policy: allow({ Principal: { AWS: 'arn:aws:iam::111122223333:root' } }) }),
    false,
  );
  assert.equal(
    isPublicPolicy({ policy: allow({ Principal: { Service: 'cloudtrail.amazonaws.com' } }) }),
    false,
  );
  const own = { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } };
  assert.equal(isPublicPolicy({ policy: allow({ Principal: '*', Condition: own }) }), false);
  assert.equal(
    isPublicPolicy({ policy: { Statement: [{ Effect: 'Deny', Principal: '*', Action: 'x' }] } }),
    false,
  );
});

test('a condition on the transport keeps nobody out; one open statement among others is enough', () => {
  const tls = { Bool: { 'aws:SecureTransport': 'true' } };
  assert.equal(isPublicPolicy({ policy: allow({ Principal: '*', Condition: tls }) }), true);
  const closed = {
    Effect: 'Allow',
    Principal: '*',
    Action: 'x',
    Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
  };
  const open = { Effect: 'Allow', Principal: '*', Action: 'y' };
  assert.equal(isPublicPolicy({ policy: { Statement: [closed, open] } }), true);
});

test('no policy, no answer', () => {
  assert.equal(isPublicPolicy({ bucketName: 'x', policy: [''] }), undefined);
  assert.equal(isPublicPolicy({ policy: 'not JSON with "Statement"' }), undefined);
  assert.equal(isPublicPolicy(null), undefined);
});
