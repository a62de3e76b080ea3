/** Programs in networks of their own, where no other user of the machine reaches what listens. Root makes them, or a user namespace. */
import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

const probeMsMax = 10_000;

/** What begins the command line of a program that is to run in a network of its own. */
function beginning(): readonly string[] {
  const asUser = userInfo().uid === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...asUser, '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"'];
}

/** Undefined: the machine permits none. */
export function ownNetwork(): readonly string[] | undefined {
  const [program, ...words] = [...beginning(), 'true'];
  return spawnSync(program, words, { stdio: 'ignore', timeout: probeMsMax }).status === 0 ? beginning() : undefined;
}

/** What begins the command line of a program that is to run in the network of a process. */
export function networkOf(pid: number): readonly string[] {
  const asUser = userInfo().uid === 0 ? [] : [`--user=/proc/${pid}/ns/user`, '--preserve-credentials'];
  return ['nsenter', ...asUser, `--net=/proc/${pid}/ns/net`, '--'];
}
