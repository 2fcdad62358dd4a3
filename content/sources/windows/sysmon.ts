/** Sysmon (Sysinternals schema 4.90), PowerShell and Defender channels to the vocabulary. */
import { parseIp } from '../../../src/model/ip.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import type { EventFields } from '../../../src/model/event.ts';
import type { WinEvent } from './shape.ts';
import { baseName, hexOrDecimal, ip, put, qualified } from './values.ts';

type Mapper = (e: WinEvent, out: EventFields) => void;

function image(e: WinEvent, out: EventFields, key = 'Image'): void {
  const exe = e.data.get(key);
  put(out, 'process.executable', exe);
  put(out, 'process.name', baseName(exe));
  put(out, 'process.pid', hexOrDecimal(e.data.get(key === 'Image' ? 'ProcessId' : 'SourceProcessId')));
  put(out, 'process.entity_id', e.data.get(key === 'Image' ? 'ProcessGuid' : 'SourceProcessGUID'));
  qualified(out, 'user', e.data.get('User') ?? e.data.get('SourceUser'));
}

/** `SHA256=AB..,MD5=..` to `<prefix>.hash.<name>`, lower-case hex. */
function hashes(e: WinEvent, out: EventFields, prefix: string): void {
  for (const part of (e.data.get('Hashes') ?? e.data.get('Hash') ?? '').split(',')) {
    const m = /^\s*(MD5|SHA1|SHA256|IMPHASH)=([0-9a-fA-F]{32,64})$/.exec(part);
    if (m !== null)
      put(
        out,
        `${prefix}.${m[1] === 'IMPHASH' ? 'pe.imphash' : `hash.${m[1]?.toLowerCase()}`}`,
        m[2]?.toLowerCase(),
      );
  }
}

const started: Mapper = (e, out) => {
  applyAction(out, 'process_started', 'success');
  image(e, out);
  put(out, 'process.command_line', e.data.get('CommandLine'));
  put(out, 'process.working_directory', e.data.get('CurrentDirectory'));
  put(out, 'process.pe.original_file_name', e.data.get('OriginalFileName'));
  put(out, 'process.parent.executable', e.data.get('ParentImage'));
  put(out, 'process.parent.name', baseName(e.data.get('ParentImage')));
  put(out, 'process.parent.command_line', e.data.get('ParentCommandLine'));
  put(out, 'process.parent.pid', hexOrDecimal(e.data.get('ParentProcessId')));
  put(out, 'process.parent.entity_id', e.data.get('ParentProcessGuid'));
  hashes(e, out, 'process');
};

const connection: Mapper = (e, out) => {
  applyAction(out, 'network_connection');
  image(e, out);
  put(out, 'network.transport', e.data.get('Protocol')?.toLowerCase());
  // Initiated=false: the remote end connected; Sysmon gives source and destination as they are on the wire.
  put(out, 'source.ip', ip(e.data.get('SourceIp')));
  put(out, 'source.port', e.data.get('SourcePort'));
  put(out, 'source.domain', e.data.get('SourceHostname'));
  put(out, 'destination.ip', ip(e.data.get('DestinationIp')));
  put(out, 'destination.port', e.data.get('DestinationPort'));
  put(out, 'destination.domain', e.data.get('DestinationHostname'));
};

const onFile =
  (action: string, key = 'TargetFilename'): Mapper =>
  (e, out) => {
    applyAction(out, action);
    image(e, out);
    const path = e.data.get(key);
    put(out, 'file.path', path);
    put(out, 'file.name', baseName(path));
    hashes(e, out, 'file');
  };

const onRegistry: Mapper = (e, out) => {
  const kind = e.data.get('EventType') ?? '';
  applyAction(
    out,
    /^Delete/.test(kind) ? 'registry_deleted' : e.id === 12 ? 'registry_created' : 'registry_changed',
  );
  image(e, out);
  put(out, 'registry.path', e.data.get('TargetObject'));
  put(out, 'registry.value', baseName(e.data.get('TargetObject')));
  put(out, 'registry.data.strings', e.data.get('Details'));
};

/** `SourceImage` acts on `TargetImage`. */
const onProcess =
  (action: string): Mapper =>
  (e, out) => {
    applyAction(out, action);
    image(e, out, 'SourceImage');
    put(out, 'process.target.executable', e.data.get('TargetImage'));
    put(out, 'process.target.name', baseName(e.data.get('TargetImage')));
    put(out, 'process.target.pid', hexOrDecimal(e.data.get('TargetProcessId')));
    qualified(out, 'user.target', e.data.get('TargetUser'));
  };

const dns: Mapper = (e, out) => {
  const status = e.data.get('QueryStatus');
  applyAction(out, 'dns_query', status === undefined ? undefined : status === '0' ? 'success' : 'failure');
  image(e, out);
  put(out, 'dns.question.name', e.data.get('QueryName')?.toLowerCase());
  out.set('network.protocol', 'dns');
  // `type:  5 cdn.example.net;::ffff:192.0.2.1;`: other record types are labelled, addresses stand bare.
  const answers: string[] = [];
  for (const part of (e.data.get('QueryResults') ?? '').split(';', 64)) {
    const answer = part
      .trim()
      .replace(/^type:\s*\d+\s*/, '')
      .replace(/^::ffff:/, '');
    if (answer !== '' && answer !== '-') answers.push(answer);
  }
  if (answers.length === 0) return;
  out.set('dns.answers.data', answers);
  const addresses = answers.filter((a) => parseIp(a) !== undefined);
  if (addresses.length > 0) out.set('dns.resolved_ip', addresses);
};

export const SYSMON: ReadonlyMap<number, Mapper> = new Map<number, Mapper>([
  [1, started],
  [2, onFile('file_changed')],
  [3, connection],
  [4, (_e, out) => applyAction(out, 'configuration_changed')],
  [
    5,
    (e, out) => {
      applyAction(out, 'process_ended');
      image(e, out);
    },
  ],
  [6, onFile('driver_loaded', 'ImageLoaded')],
  [7, onFile('library_loaded', 'ImageLoaded')],
  [8, onProcess('process_injected')],
  [9, onFile('file_accessed', 'Device')],
  [10, onProcess('process_accessed')],
  [11, onFile('file_created')],
  [12, onRegistry],
  [13, onRegistry],
  [14, onRegistry],
  [15, onFile('file_created')],
  [16, (_e, out) => applyAction(out, 'configuration_changed')],
  [
    17,
    (e, out) => {
      applyAction(out, 'file_created');
      image(e, out);
      put(out, 'file.path', e.data.get('PipeName'));
    },
  ],
  [
    18,
    (e, out) => {
      applyAction(out, 'file_accessed');
      image(e, out);
      put(out, 'file.path', e.data.get('PipeName'));
    },
  ],
  [22, dns],
  [23, onFile('file_deleted')],
  [
    25,
    (e, out) => {
      applyAction(out, 'process_injected');
      image(e, out);
    },
  ],
  [26, onFile('file_deleted')],
]);

const script: Mapper = (e, out) => {
  applyAction(out, 'script_executed');
  put(out, 'powershell.file.script_block_text', e.data.get('ScriptBlockText'));
  put(out, 'powershell.file.script_block_id', e.data.get('ScriptBlockId'));
  put(out, 'file.path', e.data.get('Path'));
};

export const POWERSHELL: ReadonlyMap<number, Mapper> = new Map<number, Mapper>([[4104, script]]);

const malware: Mapper = (e, out) => {
  applyAction(out, 'malware_detected');
  out.set('event.kind', 'alert');
  put(out, 'threat.indicator.name', e.data.get('Threat Name'));
  put(
    out,
    'file.path',
    /(?:file|containerfile):_?([^;]+)/.exec(e.data.get('Path') ?? '')?.[1] ?? e.data.get('Path'),
  );
  put(out, 'process.executable', e.data.get('Process Name'));
  put(out, 'process.name', baseName(e.data.get('Process Name')));
  qualified(out, 'user', e.data.get('Detection User'));
};

export const DEFENDER: ReadonlyMap<number, Mapper> = new Map<number, Mapper>([
  [1116, malware],
  [1117, malware],
  [5001, (_e, out) => applyAction(out, 'protection_changed')],
  [5007, (_e, out) => applyAction(out, 'protection_changed')],
  [5010, (_e, out) => applyAction(out, 'protection_changed')],
  [5012, (_e, out) => applyAction(out, 'protection_changed')],
]);
