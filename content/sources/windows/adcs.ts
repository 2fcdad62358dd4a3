/** Active Directory Certificate Services in the Security channel: 4886, 4887, 4888, 4870. */
import { addNames, revocationReason, serialFromHex, setDn } from '../../lib/certs.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { type Mapper, subject } from './logon.ts';
import type { WinEvent } from './shape.ts';
import { account, put } from './values.ts';

export const certificate =
  (action: string, outcome: 'success' | 'failure'): Mapper =>
  (e, out) => {
    applyAction(out, action, outcome);
    const requester = e.data.get('Requester') ?? e.data.get('CallerName');
    put(out, 'certificate.requester', requester);
    const [domain, name] =
      requester?.includes('\\') === true ? requester.split('\\') : [undefined, requester];
    account(out, 'user', name, domain, undefined);
    put(out, 'certificate.request_id', e.data.get('RequestId'));
    put(
      out,
      'certificate.template',
      e.data.get('CertificateTemplate') ?? attribute(e, 'CertificateTemplate'),
    );
    setDn(out, 'subject', e.data.get('Subject'));
    addNames(out, e.data.get('SubjectAlternativeName'));
    addNames(out, attribute(e, 'san'));
    put(
      out,
      'x509.serial_number',
      serialFromHex(e.data.get('SerialNumber') ?? e.data.get('CertificateSerialNumber')),
    );
    put(out, 'certificate.authority', e.data.get('CertificateAuthority') ?? e.computer);
  };

/** `Attributes` of AD CS: `name:value` lines; a `san:` line is a requester's own choice of names. */
const attribute = (e: WinEvent, name: string): string | undefined => {
  for (const line of (e.data.get('Attributes') ?? '').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && line.slice(0, colon).trim().toLowerCase() === name.toLowerCase())
      return line.slice(colon + 1).trim();
  }
  return undefined;
};

export const certificateRevoked: Mapper = (e, out) => {
  certificate('certificate_revoked', 'success')(e, out);
  put(
    out,
    'certificate.revocation_reason',
    revocationReason(e.data.get('Reason') ?? e.data.get('RevocationReason')),
  );
  subject(e, out);
  put(out, 'certificate.authorized_by', e.data.get('SubjectUserName'));
};
