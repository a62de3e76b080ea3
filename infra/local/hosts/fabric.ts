/**
 * Several hosts on one machine.
 *
 *   root namespace           hib-ID                         hib-ID-NAME
 *   hibID 10.77.N.1 ──────── up0 ─ bridge ─ h11 ─────────── eth0 10.77.N.11
 *   (apiserver; the world)              └─── h12 ─────────── eth0 10.77.N.12
 *
 * The bridge has a namespace of its own so that the machine's FORWARD rules do not see traffic between hosts.
 * Everything may be repeated: a second `createFabric` or `addHost` finds what is there. A record in the directory names
 * each thing before it is made, so that `remove` also works after a crash.
 */
import { readFileSync, rmSync } from 'node:fs';
import { runCommand, runIn, type Run } from '../../../agent/network/run.ts';
import type { Log } from '../../../functions/world.ts';
import { fabricNames, netnsPath, type FabricNames, type Host } from './host.ts';
import { ensureAddress, ensureCable, ensureNetns, fabricMtu, linkExists, removeNetns, setSysctls, succeeds } from './link.ts';
import { readRecord, removeRecord, writeRecord, type FabricRecord, type HostRecord } from './record.ts';
import { removeHostOrphans } from './orphans.ts';
import { freeSubnet, nextHostAddress, subnetsInUse } from './subnet.ts';

export interface FabricOptions {
  /** The cluster's name; the names of everything made derive from it. */
  readonly id: string;
  /** The directory that the record is written to and read from. */
  readonly directory: string;
  /** Such as 10.77.3.0/24; a free one is chosen by default. */
  readonly subnet?: string;
  readonly log: Log;
}

export interface Fabric {
  /** The machine's address on the fabric: where hosts and pods reach a server of the root namespace. */
  readonly gateway: string;
  readonly subnet: string;
  /** Makes a host, or finds it. */
  addHost(name: string): Promise<Host>;
  hosts(): readonly Host[];
  /** Ends whatever runs on the host and removes it. Its containerd's images stay. */
  removeHost(name: string): Promise<void>;
  /** Removes all hosts, the fabric and the record. */
  remove(): Promise<void>;
}

const root = runCommand;

/** Finds the fabric on record in the directory, mends or makes it. */
export async function createFabric(options: FabricOptions): Promise<Fabric> {
  const { id, directory, log } = options;
  const record = readRecord(directory) ?? (await newRecord(options));
  writeRecord(directory, record);
  const names = fabricNames(record.id);
  const fabric = runIn(netnsPath(names.netns), root);
  await wire(names, record, fabric);
  log.info('The fabric is up', { id, subnet: record.subnet });
  return fabricOf({ directory, names, fabric, log });
}

/** Removes what the record in the directory speaks of; nothing when there is none. */
export async function removeFabric(directory: string, log: Log): Promise<void> {
  const record = readRecord(directory);
  if (record === undefined) return;
  const names = fabricNames(record.id);
  await fabricOf({ directory, names, fabric: runIn(netnsPath(names.netns), root), log }).remove();
}

async function newRecord({ id, subnet }: FabricOptions): Promise<FabricRecord> {
  const chosen = subnet ?? freeSubnet(id, subnetsInUse(await root(['ip', '-4', '-o', 'addr']), await root(['ip', '-4', 'route'])));
  const turnedForwardingOn = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() === '0';
  return { id, subnet: chosen, gateway: chosen.replace(/\.0\/\d+$/, '.1'), mtu: await fabricMtu(), turnedForwardingOn, hosts: [] };
}

async function wire(names: FabricNames, record: FabricRecord, fabric: Run): Promise<void> {
  await ensureNetns(names.netns);
  await fabric(['ip', 'link', 'set', 'lo', 'up']);
  if (!(await linkExists(fabric, 'fabric'))) await fabric(['ip', 'link', 'add', 'fabric', 'type', 'bridge']);
  // The bridge only carries frames: they pass no iptables rules of any namespace.
  await setSysctls(fabric, { 'net.bridge.bridge-nf-call-iptables': '0' });
  await fabric(['ip', 'link', 'set', 'fabric', 'up']);
  await ensureCable(root, { link: names.link, peerNetns: names.netns, peer: 'up0', mtu: record.mtu });
  await fabric(['ip', 'link', 'set', 'up0', 'master', 'fabric', 'up']);
  await ensureAddress(root, names.link, `${record.gateway}/24`);
  await letOut(names, record);
}

/** Lets hosts (and through them pods) reach what the machine itself can reach: image registries, name servers. */
async function letOut({ link, table }: FabricNames, { subnet }: FabricRecord): Promise<void> {
  await setSysctls(root, { 'net.ipv4.ip_forward': '1' });
  const rules = `add table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain out {
    type nat hook postrouting priority srcnat;
    ip saddr ${subnet} oifname != "${link}" masquerade
  }
}
`;
  await root(['nft', '-f', '-'], { input: rules });
  // Docker drops packets that it does not know, and has this chain for exceptions.
  for (const direction of ['-i', '-o']) {
    const rule = ['DOCKER-USER', direction, link, '-j', 'ACCEPT'];
    if (await succeeds(['iptables', '-w', '-n', '-L', 'DOCKER-USER'])) {
      if (!(await succeeds(['iptables', '-w', '-C', ...rule]))) await root(['iptables', '-w', '-I', ...rule]);
    }
  }
}

interface Parts {
  readonly directory: string;
  readonly names: FabricNames;
  readonly fabric: Run;
  readonly log: Log;
}

function recordIn(directory: string): FabricRecord {
  const record = readRecord(directory);
  if (record === undefined) throw new Error(`there is no fabric on record in ${directory}`);
  return record;
}

function fabricOf(parts: Parts): Fabric {
  const { directory, names, log } = parts;
  const { subnet, gateway } = recordIn(directory);
  const removeHost = async (name: string): Promise<void> => {
    const host = recordIn(directory).hosts.find((other) => other.name === name);
    if (host === undefined) return;
    await removeHostOrphans(hostOf(names, host, gateway), log);
    await removeNetns(names.hostNetns(name));
    const record = recordIn(directory);
    writeRecord(directory, { ...record, hosts: record.hosts.filter((other) => other.name !== name) });
  };
  return {
    subnet,
    gateway,
    addHost: (name) => addHost(parts, name),
    hosts: () => recordIn(directory).hosts.map((host) => hostOf(names, host, gateway)),
    removeHost,
    async remove() {
      for (const { name } of recordIn(directory).hosts) await removeHost(name);
      await unwire(names, recordIn(directory));
      rmSync(names.runDirectory, { recursive: true, force: true });
      removeRecord(directory);
      log.info('The fabric is gone', { subnet });
    },
  };
}

function hostOf(names: FabricNames, { name, address }: HostRecord, gateway: string): Host {
  const netns = netnsPath(names.hostNetns(name));
  const [runDirectory, cgroupParent] = [names.hostRunDirectory(name), names.hostCgroupParent(name)];
  return { name, netns, address, link: 'eth0', gateway, runDirectory, cgroupParent, run: runIn(netns, root) };
}

async function addHost({ directory, names, fabric }: Parts, name: string): Promise<Host> {
  const record = recordIn(directory);
  let known = record.hosts.find((host) => host.name === name);
  if (known === undefined) {
    known = { name, address: nextHostAddress(record.subnet, record.hosts) };
    writeRecord(directory, { ...record, hosts: [...record.hosts, known] });
  }
  const host = hostOf(names, known, record.gateway);
  await ensureNetns(names.hostNetns(name));
  const port = `h${host.address.split('.')[3]}`;
  await ensureCable(fabric, { link: port, peerNetns: names.hostNetns(name), peer: host.link, mtu: record.mtu });
  await fabric(['ip', 'link', 'set', port, 'master', 'fabric']);
  await host.run(['ip', 'link', 'set', 'lo', 'up']);
  await host.run(['ip', 'link', 'set', host.link, 'up']);
  await ensureAddress(host.run, host.link, `${host.address}/24`);
  await host.run(['ip', 'route', 'replace', 'default', 'via', host.gateway]);
  // Without the second, an answer from a pod behind the same bridge would not pass back through address translation.
  await setSysctls(host.run, { 'net.ipv4.ip_forward': '1', 'net.bridge.bridge-nf-call-iptables': '1' });
  return host;
}

async function unwire(names: FabricNames, { turnedForwardingOn }: FabricRecord): Promise<void> {
  for (const direction of ['-i', '-o']) await succeeds(['iptables', '-w', '-D', 'DOCKER-USER', direction, names.link, '-j', 'ACCEPT']);
  await succeeds(['nft', 'delete', 'table', 'ip', names.table]);
  if (await linkExists(root, names.link)) await root(['ip', 'link', 'delete', names.link]);
  await removeNetns(names.netns);
  const others = / hib[a-z0-9]{1,6}@/.test(await root(['ip', '-o', 'link']));
  if (turnedForwardingOn && !others) await setSysctls(root, { 'net.ipv4.ip_forward': '0' });
}
