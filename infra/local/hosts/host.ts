/** A machine that is only a network namespace: what a node agent, its containerd and its pods live in. */
import { createHash } from 'node:crypto';
import type { Run } from '../../../agent/network/run.ts';

export interface Host {
  readonly name: string;
  /** Path of its network namespace, for `nsenter --net=`. */
  readonly netns: string;
  /** Its address on the fabric: the node's InternalIP. */
  readonly address: string;
  /** The interface that has this address. */
  readonly link: string;
  readonly gateway: string;
  /** What must not outlive a reboot: sockets, states of containers. */
  readonly runDirectory: string;
  /** All pods' cgroups belong under this path, in every hierarchy; `removeHost` removes what is there. */
  readonly cgroupParent: string;
  /** Runs a program inside the host's network. */
  readonly run: Run;
}

/** Six letters that stand for a cluster where names are short (interfaces have 15 characters). */
export function shortId(id: string): string {
  return /^[a-z0-9]{1,6}$/.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 6);
}

export interface FabricNames {
  readonly netns: string;
  /** The root namespace's end of the link into the fabric. */
  readonly link: string;
  /** The root namespace's nft table that lets the hosts reach the world. */
  readonly table: string;
  readonly runDirectory: string;
  readonly hostNetns: (host: string) => string;
  readonly hostRunDirectory: (host: string) => string;
  readonly hostCgroupParent: (host: string) => string;
}

export function fabricNames(id: string): FabricNames {
  const short = shortId(id);
  return {
    netns: `hib-${short}`,
    link: `hib${short}`,
    table: `hib_${short}`,
    runDirectory: `/run/hibernetes/${short}`,
    hostNetns: (host) => `hib-${short}-${host}`,
    hostRunDirectory: (host) => `/run/hibernetes/${short}/${host}`,
    hostCgroupParent: (host) => `/hib-${short}-${host}`,
  };
}

export const netnsPath = (name: string): string => `/run/netns/${name}`;
