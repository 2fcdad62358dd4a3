/** Audit events of the Kubernetes API server (also as EKS sends them), one per event; kept under `kubernetes.audit.*`. */
import { defineSource } from '../../../src/normalize/source.ts';
import { flattenInto } from '../../lib/json.ts';
import { kubernetesEvent } from '../../lib/kubernetes.ts';

export default defineSource({
  name: 'kubernetes-audit',
  version: 1,
  title: 'Kubernetes audit log',
  recognise: {
    jsonKeys: [
      ['kind', 'auditID', 'verb'],
      ['kind', 'verb', 'objectRef'],
      ['kind', 'verb', 'responseStatus'],
      ['kind', 'user', 'responseStatus'],
      ['kind', 'user', 'sourceIPs'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined || !kubernetesEvent(doc, out)) return 'no';
    flattenInto(out, 'kubernetes.audit', doc);
    return 'parsed';
  },
});
