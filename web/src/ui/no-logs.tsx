/**
 * Why there is nothing. Where nothing has ever arrived: the exact line for rsyslog, from the door that is open. Where
 * something has, only this range is empty, and the last arrival says where to look.
 */
import { useNow } from '../data/clock.ts';
import { useSenders, useStatus } from '../data/queries.ts';
import { useTenant } from '../data/session.tsx';
import { safe } from './safe-text.tsx';
import { Empty, Loading } from './states.tsx';
import { Ago } from './time.tsx';

/** Port of the syslog TCP door as `status` tells it, else the default. */
const SYSLOG_PORT = '5514';

export function NoLogs() {
  const status = useStatus();
  const senders = useSenders(useTenant());
  const now = useNow();
  if (senders.isPending) return <Loading lines={2} />;
  const last = [...(senders.data ?? [])].sort((a, b) => b.lastSeen - a.lastSeen)[0];
  if (last !== undefined)
    return (
      <Empty title="No event in this range">
        The last one was received <Ago us={last.lastSeen} now={now} /> from{' '}
        <span className="font-mono text-text">{safe(last.sender)}</span>. Choose a longer range above.
      </Empty>
    );
  const door = status.data?.collectors.find((c) => c.door === 'syslog-tcp');
  const port = /:(\d+)$/.exec(door?.address ?? '')?.[1] ?? SYSLOG_PORT;
  return (
    <Empty title="No logs yet">
      <p>
        Point rsyslog here: put this line into /etc/rsyslog.d/vigil.conf on a machine and restart rsyslog
        there.
      </p>
      <pre className="my-2 w-fit rounded-[5px] border border-line bg-bg px-3 py-1.5 font-mono text-text">
        *.* @@{location.hostname}:{port}
      </pre>
      <p>
        Or send one line now:{' '}
        <code className="font-mono text-text">
          logger -n {location.hostname} -T -P {port} "hello"
        </code>
      </p>
    </Empty>
  );
}
