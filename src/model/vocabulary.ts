/**
 * The closed vocabulary of `event.action`: what a source may say happened, and which fields an event that says it
 * must then carry. Rules and analysts count on these words meaning the same whatever the source.
 *
 * Contract: every action that a source sets is listed here (held by `vocabulary.test.ts` over all golden files);
 * `applyAction` is the way to set one, so that `event.category` and `event.type` always agree with it.
 * `event.category`/`event.type` values are ECS 8.17's allowed values
 * (https://www.elastic.co/guide/en/ecs/current/ecs-category-field-values-reference.html).
 *
 * To add an action: append one line to the group it belongs to (no `;` inside a cell). A required entry `a|b` asks for at least one.
 *
 * Fields of our own that these actions use (ECS has no home for them; all are keyword text unless said otherwise):
 *   key.id                         name, ARN, path or fingerprint of the key (hot column)
 *   key.version                    version of the key that was used or made
 *   key.previous_id                key or version that a rotation replaced
 *   key.algorithm                  RSA, EC, ED25519, AES... as the source spells it
 *   key.size                       bits, number
 *   key.storage                    where it lives: hsm, software, kms, external, file
 *   key.usage                      what it is for, as the source says (SIGN_VERIFY, transit...)
 *   key.operation                  the operation made with it: sign, verify, decrypt, encrypt, wrap, unwrap, read...
 *   key.authorized_by              who allowed the destruction or rotation
 *   key.system                     system or service that used the key, where it is not the user
 *   key.deletion_date              date, microseconds: when a scheduled destruction takes effect
 *   key.exportable                 boolean
 *   certificate.requester          who asked for it (user, role, host, account)
 *   certificate.authorized_by      who approved, issued by hand, or revoked it
 *   certificate.authority          CA or issuer as its system calls it (CA config, mount, ARN); the DN is x509.issuer.*
 *   certificate.template           template, role or profile
 *   certificate.request_id         request id of the CA
 *   certificate.id                 the store's own id or ARN of the certificate
 *   certificate.revocation_reason  RFC 5280 section 5.3.1 name: keyCompromise, superseded, unspecified...
 *   certificate.renewal.mode       auto or manual
 *   certificate.previous_serial    serial that a renewal replaced
 *   certificate.monitored          boolean: did something watch its expiry
 *   certificate.days_left          number, negative once expired
 *   certificate.validation.reason  chain, hostname, expired, not_yet_valid, revoked, self_signed, other
 *   certificate.validation.detail  the source's own text
 *   certificate.fingerprint.sha256 upper-case hex
 *   certificate.log                certificate transparency log it was seen in
 *   x509.authority_key_id          authority key identifier (RFC 5280 section 4.2.1.1), hex as the source spells it
 */
import type { EventFields } from './event.ts';

export type ActionDef = {
  readonly name: string;
  /** ECS event.category values it implies. */
  readonly category: readonly string[];
  /** ECS event.type values it implies. */
  readonly type: readonly string[];
  /** Fields that an event with this action carries; `a|b` asks for at least one of them. */
  readonly required: readonly string[];
  readonly about: string;
};

/**
 * One action per line: `name; categories; types; required fields; what it says`, lists separated by spaces.
 * Text rather than objects, so that additions are one-line diffs.
 */
const AUTHENTICATION = `
ssh_login; authentication; start; event.outcome user.name|user.id; a login by SSH was tried
ssh_disconnect; session; end; ; an SSH connection ended
ssh_preauth_disconnect; authentication; info; ; an SSH peer left before it was authenticated
user_login; authentication; start; event.outcome user.name|user.id; an interactive, network or service login
user_logout; authentication; end; user.name|user.id; a session was logged out
user_reauthentication; authentication; start; event.outcome user.name|user.id; a workstation unlocked or a password asked again
explicit_credentials_used; authentication; start; user.name|user.id user.target.name; a program used another account's credentials (runas)
credentials_validated; authentication; start; event.outcome user.name|user.id; a credential check without a session (NTLM, helper)
ssh_offer_refused; authentication; info; ; a key, ticket or empty login that SSH clients offer unasked was refused: no attempt of its own, so no outcome
ssh_protocol_error; network; protocol error; ; an SSH peer did not speak SSH or no common algorithm was found
auth_detail; authentication; info; ; a further line about an attempt that another line counts (PAM, retries, unknown user): no outcome
pam_login; authentication; start; event.outcome; PAM judged a login
session_opened; session; start; user.name|user.id; a session began
session_closed; session; end; ; a session ended
vpn_login; authentication; start; event.outcome user.name|user.id; a login to a VPN
vpn_logout; authentication; end; user.name|user.id; a VPN session ended
api_login; authentication; start; event.outcome; a login to an API, console or secret store
token_issued; authentication; start; event.outcome; a token, role session or temporary credential was handed out
token_revoked; authentication; end; ; a token or session was revoked
mfa_challenge; authentication; start; event.outcome user.name|user.id; a second factor was asked for
mtls_handshake; authentication network; start connection; event.outcome tls.client.subject|tls.client.hash.sha256|x509.subject.common_name; a TLS handshake with a client certificate: client and server identity, outcome
kerberos_tgt_requested; authentication; start; event.outcome user.name|user.id; a Kerberos ticket-granting ticket was asked for (AS-REQ)
kerberos_service_ticket_requested; authentication; start; event.outcome user.name|user.id service.name; a Kerberos service ticket was asked for (TGS-REQ)
kerberos_ticket_renewed; authentication; start; user.name|user.id; a Kerberos ticket was renewed
kerberos_preauth_failed; authentication; start; event.outcome user.name|user.id; Kerberos pre-authentication failed (wrong password)
account_locked; iam; user change; user.target.name; an account was locked out
account_unlocked; iam; user change; user.target.name; an account was unlocked
`;

const PRIVILEGE = `
sudo_command; process; start; event.outcome user.name|user.id process.command_line; a command was run, or refused, by sudo
su_session; session; start; event.outcome user.effective.name; a user became another by su
privilege_assigned; iam; admin; user.name|user.id; a session got special privileges
privilege_used; iam; admin; user.name|user.id; a special privilege was used
role_granted; iam; admin change; user.target.name|group.name; a role or policy was attached
role_revoked; iam; admin change; user.target.name|group.name; a role or policy was detached
role_assumed; authentication; start; event.outcome user.effective.name; an identity took on a role
group_created; iam; group creation; group.name; a group was made
group_deleted; iam; group deletion; group.name; a group was removed
group_changed; iam; group change; group.name; a group's properties changed
group_member_added; iam; group change; group.name user.target.name|user.target.id; someone was added to a group
group_member_removed; iam; group change; group.name user.target.name|user.target.id; someone was taken out of a group
user_created; iam; user creation; user.target.name; an account was made
user_deleted; iam; user deletion; user.target.name; an account was removed
user_changed; iam; user change; user.target.name; an account was changed
user_enabled; iam; user change; user.target.name; an account was enabled
user_disabled; iam; user change; user.target.name; an account was disabled
password_changed; iam; user change; user.target.name; a password was changed by its owner
password_reset; iam; user change; user.target.name; somebody else's password was set
api_credential_created; iam; user creation; user.target.name; an access key or API credential was made
api_credential_deleted; iam; user deletion; ; an access key or API credential was removed
mfa_changed; iam; user change; user.target.name; a second factor was added, replaced or removed
`;

const PROCESS = `
process_started; process; start; process.executable|process.name|process.command_line; a process began
process_ended; process; end; process.executable|process.name|process.pid; a process ended
process_crashed; process; error; process.name|process.executable; a process ended abnormally
process_accessed; process; access; process.executable; a process opened another one
process_injected; process; change; process.executable; a process made a thread in another one
library_loaded; library; start; file.path; a library was loaded into a process
driver_loaded; driver; start; file.path; a kernel driver or module was loaded
script_executed; process; start; powershell.file.script_block_text|process.command_line; a script or script block ran
cron_command; process; start; user.name|user.id process.command_line; cron ran a command
scheduled_task_created; configuration; creation; ; a scheduled task was made
scheduled_task_changed; configuration; change; ; a scheduled task was changed
scheduled_task_deleted; configuration; deletion; ; a scheduled task was removed
service_started; process; start; service.name; a service started
service_stopped; process; end; service.name; a service stopped
service_failed; process; error; service.name; a service failed
service_installed; configuration; installation; service.name; a service was installed
system_started; host; start; ; a machine booted
system_stopped; host; end; ; a machine went down
malware_detected; malware; info; ; protection software found malware
protection_changed; configuration; change; ; protection software was set, weakened or switched off
`;

const NETWORK = `
network_allowed; network; connection allowed; source.ip destination.ip; a packet filter let it pass
network_denied; network; connection denied; source.ip|source.mac; a packet filter refused it
network_connection; network; connection; source.ip|destination.ip|destination.domain; a connection was seen
network_listening; network; start; ; a program began to listen
dns_query; network; connection protocol info; dns.question.name; a name was asked for
tls_handshake; network; connection protocol; event.outcome; a TLS handshake was seen
http_request; web; access; http.request.method|url.original|url.path; an HTTP request was served
http_error; web; error; ; a web server reported an error
ids_alert; intrusion_detection; info; ; a network sensor raised an alert
security_alert; intrusion_detection; info; ; another security product raised an alert
`;

const FILE_AND_CONFIGURATION = `
file_accessed; file; access; file.path; a file was opened or read
file_created; file; creation; file.path; a file was made
file_changed; file; change; file.path; a file, its owner or mode was changed
file_deleted; file; deletion; file.path; a file was removed
registry_changed; registry; change; registry.path; a registry key or value was written
registry_created; registry; creation; registry.path; a registry key was made
registry_deleted; registry; deletion; registry.path; a registry key or value was removed
configuration_changed; configuration; change; ; a setting was changed
object_accessed; file; access; ; an audited object was asked for
mount_changed; configuration; change; ; a file system was mounted or unmounted
policy_changed; configuration; change; ; a security or audit policy was changed
permission_denied; process; denied; ; mandatory access control refused an operation
anomaly_detected; process; info; ; the audit system saw an anomaly (abend, promiscuous device)
log_cleared; configuration; deletion; ; a log was cleared
audit_stopped; configuration; end; ; auditing or logging was switched off
audit_started; configuration; start; ; auditing or logging was switched on
secret_accessed; api; access; ; a secret was read
secret_changed; api; change; ; a secret was written
secret_deleted; api; deletion; ; a secret was deleted
api_request; api; info; event.outcome; a call to an API that has no word of its own here
`;

const CLOUD = `
cloud_api_call; api; info; event.outcome cloud.provider event.code; a call to a cloud API that has no word of its own here
`;

const CERTIFICATES = `
certificate_requested; configuration; creation; certificate.requester|x509.subject.common_name|x509.alternative_names|user.name; a certificate was asked for
certificate_issued; configuration; creation; event.outcome; a certificate was issued: requester, all names, CA, serial
certificate_denied; configuration; denied; certificate.requester|certificate.request_id; a request was refused by the CA
certificate_renewed; configuration; change; x509.serial_number|x509.subject.common_name|x509.alternative_names|certificate.id; a certificate was renewed
certificate_renewal_failed; configuration; error; x509.subject.common_name|x509.alternative_names|certificate.id; a renewal failed, automatic or by hand
certificate_expired; configuration; end; x509.subject.common_name|x509.serial_number|certificate.id; a certificate ran out: of which service, monitored or not
certificate_expiring; configuration; info; x509.subject.common_name|x509.serial_number|certificate.id; a certificate runs out soon
certificate_revoked; configuration; deletion; x509.serial_number|certificate.id; a certificate was revoked: reason, authorised by
certificate_validation_failed; network; error; certificate.validation.reason; a certificate did not validate: chain or hostname
certificate_observed; network; info; x509.serial_number|x509.subject.common_name|x509.alternative_names|certificate.id; a certificate was seen on the wire or in a transparency log
certificate_status_checked; network; info; x509.serial_number|certificate.id; OCSP or CRL was asked
certificate_accessed; configuration; access; x509.serial_number|certificate.id|x509.subject.common_name|certificate.authority; a stored certificate was read or exported
certificate_deleted; configuration; deletion; certificate.id|x509.serial_number; a stored certificate was removed
certificate_imported; configuration; creation; certificate.id|x509.serial_number|x509.subject.common_name; a certificate was brought in from outside
ca_created; configuration; creation; certificate.authority|x509.subject.common_name; a certificate authority was made or its certificate installed
ca_deleted; configuration; deletion; certificate.authority; a certificate authority was removed
ca_changed; configuration; change; certificate.authority; a certificate authority's settings, roles or templates changed
crl_published; configuration; change; certificate.authority; a revocation list was made
`;

const KEYS = `
key_generated; configuration; creation; key.id; a key was made: algorithm, size, storage
key_imported; configuration; creation; key.id; a key was brought in from outside
key_exported; configuration; access; key.id; key material left its store
key_accessed; configuration; access; key.id key.operation; a key was read or used for anything but signing
key_signed; configuration; access; key.id key.operation; a key signed something: system, operation
key_rotated; configuration; change; key.id; a key was rotated: old, new
key_destroyed; configuration; deletion; key.id; a key was destroyed or its destruction scheduled: authorised by
key_restored; configuration; change; key.id; a destruction was cancelled, or a key brought back from backup
key_changed; configuration; change; key.id; a key's policy, state or attributes changed
`;

const words = (text: string): readonly string[] => text.split(' ').filter((w) => w !== '');

function define(line: string): ActionDef {
  const [name = '', category = '', type = '', required = '', about = ''] = line
    .split(';')
    .map((c) => c.trim());
  return { name, category: words(category), type: words(type), required: words(required), about };
}

/** Every action by name. */
export const ACTIONS: ReadonlyMap<string, ActionDef> = new Map(
  [AUTHENTICATION, PRIVILEGE, PROCESS, NETWORK, FILE_AND_CONFIGURATION, CLOUD, CERTIFICATES, KEYS]
    .flatMap((group) => group.split('\n'))
    .filter((line) => line !== '')
    .map((line) => define(line))
    .map((def) => [def.name, def] as const),
);

export type Outcome = 'success' | 'failure' | 'unknown';

/**
 * Says what happened: sets `event.action`, the category and type it implies, and `event.outcome` where given.
 * A name that is not in the vocabulary is a bug of the source and throws (its goldens cannot be made then).
 */
export function applyAction(out: EventFields, name: string, outcome?: Outcome): void {
  const def = ACTIONS.get(name);
  if (def === undefined) throw new Error(`event.action '${name}' is not in src/model/vocabulary.ts`);
  out.set('event.action', name);
  out.set('event.category', def.category);
  out.set('event.type', def.type);
  if (outcome !== undefined) out.set('event.outcome', outcome);
}

/** Required fields of the event's action that it lacks (`a|b` as written); empty where complete or without action. */
export function missingFields(fields: EventFields): readonly string[] {
  const action = fields.text('event.action');
  const def = action === undefined ? undefined : ACTIONS.get(action);
  if (def === undefined) return [];
  return def.required.filter((r) => !r.split('|').some((name) => hasValue(fields, name)));
}

const hasValue = (fields: EventFields, name: string): boolean => {
  const v = fields.get(name);
  return v !== undefined && v !== null && v !== '' && !(Array.isArray(v) && v.length === 0);
};
