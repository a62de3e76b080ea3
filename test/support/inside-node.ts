/** Runs a program as if it ran on the node: in its network. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runIn, type Run } from '../../agent/network/run.ts';
import { fabricNames, netnsPath } from '../../infra/local/hosts/host.ts';

export function insideNode(directory: string, node: string): Run {
  const { id } = JSON.parse(readFileSync(join(directory, 'hosts/fabric.json'), 'utf8')) as { id: string };
  return runIn(netnsPath(fabricNames(id).hostNetns(node)));
}
