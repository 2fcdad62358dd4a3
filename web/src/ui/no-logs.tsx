/** What to do when nothing has ever arrived: the exact line for rsyslog, from the doors that are open. */
import { useStatus } from '../data/queries.ts';
import { Empty } from './states.tsx';

/** Port of the syslog TCP door as `status` tells it, else the default. */
const SYSLOG_PORT = '5514';

export function NoLogs() {
  const status = useStatus();
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
