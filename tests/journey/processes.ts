import { readdirSync, readFileSync } from 'node:fs';
import { inPlatform } from './platform';

const read = (pid: string, name: string) => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
};

/** The first process of a pod's container, on this machine. */
export const processOf = async (pod: string, container = 'service'): Promise<number> => {
  const status = `jsonpath={.status.containerStatuses[?(@.name=="${container}")].containerID}`;
  const id = (await inPlatform('get', 'pod', pod, '-o', status)).split('//')[1];
  const found = readdirSync('/proc').find(
    (pid) =>
      /^\d+$/.test(pid) &&
      !!id &&
      read(pid, 'cgroup').includes(id) &&
      /^NSpid:.*\t1$/m.test(read(pid, 'status')),
  );
  if (!found) throw new Error(`no process of container ${container} of pod ${pod} runs on this machine`);
  return Number(found);
};
