/** What pods leave on a host when their node does not clean up, each as a line. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentNode } from './agent-node.ts';

export async function leftOn(node: AgentNode): Promise<string[]> {
  const containers = await node.ctr('containers', 'list', '-q');
  const tasks = await node.ctr('tasks', 'list', '-q');
  const directories = readdirSync(join(node.rootDirectory, 'pods'));
  return Object.entries({
    container: containers,
    task: tasks,
    mount: mountsOf(node),
    directory: directories,
    link: await podLinks(node),
    cgroup: cgroupsOf(node),
    shim: shimsOf(node),
    address: addressesOf(node),
    namespace: namespacesOf(node),
  }).flatMap(([what, found]) => found.map((name) => `${what} ${name}`));
}

const mountPaths = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');

const mountsOf = ({ rootDirectory }: AgentNode): string[] => mountPaths().filter((path) => path.startsWith(`${rootDirectory}/`));

/** Network namespaces that containerd made. */
const namespacesOf = ({ host }: AgentNode): string[] => mountPaths().filter((path) => path.startsWith(`${host.runDirectory}/`));

/** What connects pods to the node's bridge. */
const podLinks = async ({ host }: AgentNode): Promise<string[]> =>
  (await host.run(['ip', '-o', 'link', 'show', 'type', 'veth'])).split('\n').filter((line) => / master /.test(line));

/** Cgroups of pods, in every hierarchy. */
function cgroupsOf({ host }: AgentNode): string[] {
  const places = readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name, host.cgroupParent));
  return [join('/sys/fs/cgroup', host.cgroupParent), ...places].flatMap((place) => {
    try {
      return readdirSync(place, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name.startsWith('pod'))
        .map((entry) => join(entry.parentPath, entry.name));
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
      throw error;
    }
  });
}

/** A process may end before its file is read. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}

/** Programs that hold containers of this containerd. */
const shimsOf = ({ containerd }: AgentNode): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandOf)
    .filter((line) => line.includes('containerd-shim') && line.includes(containerd.socket));

/** Addresses that CNI holds for pods. */
function addressesOf({ rootDirectory }: AgentNode): string[] {
  const places = readdirSync(rootDirectory, { recursive: true }).map(String);
  assert.ok(
    places.some((path) => path.split('/').includes('ipam')),
    'addresses are kept elsewhere',
  );
  return places.filter((path) => /\/ipam\/.*\/\d+\.\d+\.\d+\.\d+$/.test(path));
}
