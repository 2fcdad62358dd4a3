/** AWS CloudTrail records, one JSON object on a line. */
import { AWS_ACCOUNT } from '../company.ts';
import { isoSecond } from './stamps.ts';

export type Caller = { readonly user: string; readonly role?: string };
export type CloudCall = {
  readonly at: number;
  readonly id: string;
  readonly caller: Caller;
  readonly ip: string;
  readonly agent: string;
  /** `s3` for `s3.amazonaws.com`. */
  readonly service: string;
  readonly name: string;
  readonly request?: unknown;
  readonly response?: unknown;
  readonly error?: string;
  readonly extra?: unknown;
};

function identity(c: Caller): unknown {
  if (c.role === undefined)
    return {
      type: 'IAMUser',
      principalId: `AIDA${c.user.toUpperCase().replace(/\W/g, '').padEnd(12, 'X')}`,
      arn: `arn:aws:iam::${AWS_ACCOUNT}:user/${c.user}`,
      accountId: AWS_ACCOUNT,
      userName: c.user,
    };
  return {
    type: 'AssumedRole',
    principalId: `AROA${c.role.toUpperCase().padEnd(12, 'X')}:${c.user}`,
    arn: `arn:aws:sts::${AWS_ACCOUNT}:assumed-role/${c.role}/${c.user}`,
    accountId: AWS_ACCOUNT,
    sessionContext: { sessionIssuer: { type: 'Role', userName: c.role } },
  };
}

export const cloudCall = (c: CloudCall): string =>
  JSON.stringify({
    eventVersion: '1.08',
    userIdentity: identity(c.caller),
    eventTime: isoSecond(c.at),
    eventSource: `${c.service}.amazonaws.com`,
    eventName: c.name,
    awsRegion: 'eu-north-1',
    sourceIPAddress: c.ip,
    userAgent: c.agent,
    ...(c.error === undefined ? {} : { errorCode: c.error, errorMessage: 'not authorized to perform this' }),
    requestParameters: c.request ?? null,
    responseElements: c.response ?? null,
    ...(c.extra === undefined ? {} : { additionalEventData: c.extra }),
    eventID: c.id,
    eventType: c.name === 'ConsoleLogin' ? 'AwsConsoleSignIn' : 'AwsApiCall',
    recipientAccountId: AWS_ACCOUNT,
  });
