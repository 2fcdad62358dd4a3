/** Per product: how its records are recognised, and where the actor, target, address and outcome stand. */
import type { JsonObject } from '../../../src/normalize/source.ts';
import { actionTable, type AuditSpec, dig, paths, type Paths } from '../../lib/audit.ts';
import { isObject, number, text } from '../../lib/json.ts';

export type Product = AuditSpec & {
  /** Top-level keys, any one list of which is enough to be asked. */
  readonly keys: readonly (readonly string[])[];
  /** A closer look, where the keys are common words. */
  readonly is?: (doc: JsonObject) => boolean;
  /** Where the record itself stands, where it is wrapped. */
  readonly inside?: readonly string[];
  readonly code: Paths;
};

const has =
  (...path: readonly string[]) =>
  (doc: JsonObject): boolean =>
    dig(doc, path) !== undefined;

export const PRODUCTS: readonly Product[] = [
  {
    prefix: 'asana',
    provider: 'asana',
    keys: [['event_type', 'event_category', 'actor']],
    code: paths('event_type'),
    time: paths('created_at'),
    user: paths('actor.email', 'actor.name'),
    userId: paths('actor.gid'),
    target: paths('resource.email', 'resource.name'),
    ip: paths('context.client_ip_address'),
    agent: paths('context.user_agent'),
    isFailure: (_doc, code) => code.endsWith('_failed'),
    actions: actionTable(`
      user_login: user_login_succeeded user_login_failed
      role_granted: user_workspace_admin_role_changed user_division_admin_role_changed
      api_credential_created: service_account_created
    `),
  },
  {
    prefix: 'zoom',
    provider: 'zoom',
    keys: [['operator', 'operation_detail', 'category_type']],
    code: paths('category_type'),
    time: paths('time'),
    user: paths('operator'),
    reason: paths('operation_detail'),
    actions: actionTable('configuration_changed: Account'),
  },
  {
    prefix: 'zendesk',
    provider: 'zendesk',
    keys: [['source_type', 'change_description', 'action']],
    code: paths('source_type'),
    time: paths('created_at'),
    user: paths('actor_name', 'actor_id'),
    userId: paths('actor_id'),
    target: paths('source_label'),
    ip: paths('ip_address'),
    reason: paths('change_description'),
    actions: actionTable('configuration_changed: account_setting'),
  },
  {
    prefix: 'mongodb_atlas',
    provider: 'mongodb_atlas',
    keys: [['eventTypeName']],
    code: paths('eventTypeName'),
    time: paths('created'),
    user: paths('username', 'publicKey'),
    userId: paths('userId'),
    target: paths('targetUsername'),
    ip: paths('remoteAddress'),
    actions: actionTable('role_granted: USER_ROLES_CHANGED_AUDIT'),
  },
  {
    prefix: 'zscaler',
    provider: 'zscaler',
    keys: [['event', 'sourcetype']],
    is: has('event', 'adminid'),
    inside: ['event'],
    code: paths('category'),
    time: paths('time'),
    user: paths('adminid'),
    ip: paths('clientip'),
    target: paths('resource'),
    outcome: paths('result'),
    actions: actionTable('configuration_changed: AUTHENTICATION_SETTINGS ADMINISTRATOR_MANAGEMENT'),
  },
  {
    prefix: 'snowflake',
    provider: 'snowflake',
    keys: [
      ['EVENT_TYPE', 'IS_SUCCESS', 'USER_NAME'],
      ['GRANTEE_NAME', 'GRANTED_BY'],
      ['GRANTEE_NAME', 'ROLE'],
    ],
    code: paths('EVENT_TYPE', 'GRANTED_TO'),
    time: paths('EVENT_TIMESTAMP', 'CREATED_ON'),
    user: paths('USER_NAME', 'GRANTED_BY'),
    target: paths('GRANTEE_NAME'),
    ip: paths('CLIENT_IP'),
    reason: paths('ERROR_MESSAGE'),
    outcome: paths('IS_SUCCESS'),
    actions: actionTable('user_login: LOGIN\nrole_granted: USER ROLE APPLICATION_ROLE'),
  },
  {
    prefix: 'notion',
    provider: 'notion',
    keys: [['event']],
    is: has('event', 'workspace_id'),
    inside: ['event'],
    code: paths('type'),
    time: paths('timestamp'),
    user: paths('actor.person.email', 'actor.id'),
    userId: paths('actor.id'),
    target: paths('details.target.person.email', 'details.member.person.email'),
    ip: paths('ip_address'),
    actions: actionTable('user_login: user.login'),
  },
  {
    prefix: 'wiz',
    provider: 'wiz',
    keys: [
      ['action', 'actionParameters', 'status'],
      ['action', 'actionparameters', 'status'],
    ],
    code: paths('action'),
    time: paths('timestamp'),
    user: paths('user.id', 'user.name', 'serviceAccount.name'),
    ip: paths('sourceIP'),
    agent: paths('userAgent'),
    outcome: paths('status'),
    target: paths('actionParameters.input.email', 'actionParameters.input.id'),
    actions: actionTable(`
      user_created: CreateUser
      user_deleted: DeleteUser
      role_granted: UpdateUserRole CreateUserRole
    `),
  },
  {
    prefix: 'teleport',
    provider: 'teleport',
    keys: [
      ['event', 'code', 'cluster_name'],
      ['event', 'code', 'ei', 'uid'],
    ],
    is: (doc) =>
      !isObject(dig(doc, ['event'])) && /^T[A-Z0-9]{3,5}[IWE]$/i.test(text(dig(doc, ['code'])) ?? ''),
    code: paths('event'),
    time: paths('time'),
    user: paths('user'),
    target: paths('name'),
    ip: [['addr.remote'], ['addr_remote']],
    outcome: paths('success'),
    reason: paths('error'),
    actions: actionTable('user_login: user.login\nuser_created: user.create\nrole_granted: role.created'),
  },
  {
    prefix: 'tailscale',
    provider: 'tailscale',
    keys: [['event', 'time', 'fields']],
    is: has('event', 'eventGroupID'),
    inside: ['event'],
    code: paths('action'),
    user: paths('actor.loginName', 'actor.displayName'),
    target: paths('target.name'),
    actions: actionTable(''),
  },
  {
    prefix: 'tines',
    provider: 'tines',
    keys: [['operation_name', 'user_email']],
    code: paths('operation_name'),
    time: paths('created_at'),
    user: paths('user_email'),
    userId: paths('user_id'),
    ip: paths('request_ip'),
    agent: paths('request_user_agent'),
    actions: actionTable('user_login: Login'),
  },
  {
    prefix: 'openai',
    provider: 'openai',
    keys: [['type', 'effective_at', 'actor']],
    code: paths('type'),
    time: paths('effective_at'),
    user: paths('actor.session.user.email', 'actor.api_key.user.email', 'actor.api_key.id'),
    ip: paths('actor.session.ip_address'),
    agent: paths('actor.session.user_agent'),
    isFailure: (_doc, code) => code.endsWith('.failed'),
    actions: actionTable('user_login: login.succeeded login.failed'),
  },
  {
    prefix: 'anthropic',
    provider: 'anthropic',
    keys: [['type', 'created_at', 'actor']],
    is: has('actor', 'email_address'),
    code: paths('type'),
    time: paths('created_at'),
    user: paths('actor.email_address'),
    target: paths('deleted_user_email', 'user_email'),
    ip: paths('actor.ip_address'),
    agent: paths('actor.user_agent'),
    actions: actionTable('user_deleted: org_user_deleted'),
  },
  {
    prefix: 'dropbox',
    provider: 'dropbox',
    keys: [
      ['event_type', 'actor', 'details'],
      ['event_type', 'actor', 'involve_non_team_member'],
    ],
    is: has('event_type', '_tag'),
    code: paths('event_type._tag'),
    time: paths('timestamp'),
    user: paths('actor.admin.email', 'actor.user.email'),
    target: paths('context.email'),
    ip: paths('origin.geo_location.ip_address'),
    actions: actionTable('mfa_changed: tfa_change_status\nuser_login: login_success login_fail'),
  },
  {
    prefix: 'box',
    provider: 'box',
    keys: [['event_type', 'created_by']],
    code: paths('event_type'),
    time: paths('created_at'),
    user: paths('created_by.login', 'created_by.name'),
    userId: paths('created_by.id'),
    target: paths('source.login'),
    ip: paths('ip_address'),
    reason: paths('additional_details'),
    actions: actionTable('user_login: LOGIN\nmalware_detected: FILE_MARKED_MALICIOUS'),
  },
  {
    prefix: 'databricks',
    provider: 'databricks',
    keys: [
      ['serviceName', 'actionName', 'userIdentity'],
      ['serviceName', 'actionName', 'requestParams'],
    ],
    code: paths('actionName'),
    time: paths('timestamp'),
    user: paths('userIdentity.email'),
    ip: paths('sourceIPAddress'),
    agent: paths('userAgent'),
    reason: paths('response.errorMessage'),
    isFailure: (doc) => (number(dig(doc, ['response', 'statusCode'])) ?? 200) >= 400,
    actions: actionTable('user_login: login samlLogin tokenLogin oidcTokenAuthorization'),
  },
];
