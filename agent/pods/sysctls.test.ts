import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '../../functions/kube/generated/types.ts';
import { pod } from '../../test/support/node-pod.ts';
import { forbiddenSysctl, normalSysctl } from './sysctls.ts';

for (const [name, normal] of [
  ['kernel.shm_rmid_forced', 'kernel.shm_rmid_forced'],
  ['kernel/shm_rmid_forced', 'kernel.shm_rmid_forced'],
  ['net/ipv4/conf/eno2.100/rp_filter', 'net.ipv4.conf.eno2/100.rp_filter'],
  ['net.ipv4.conf.eno2/100.rp_filter', 'net.ipv4.conf.eno2/100.rp_filter'],
] as const) {
  test(`the sysctl ${name} is ${normal}`, () => assert.equal(normalSysctl(name), normal));
}

const cases: readonly (readonly [string, Partial<PodSpec>, string | undefined])[] = [
  ['kernel/shm_rmid_forced', {}, undefined],
  ['net.ipv4.tcp_rmem', {}, undefined],
  ['kernel.msgmax', {}, 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
  ['net.ipv4.tcp_syncookies', { hostNetwork: true }, 'forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host Net enabled'],
  ['kernel.shm_rmid_forced', { hostIPC: true }, 'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host IPC enabled'],
];
for (const [name, spec, why] of cases) {
  test(`a pod with ${JSON.stringify(spec)} ${why === undefined ? 'may' : 'may not'} set ${name}`, () => {
    assert.equal(forbiddenSysctl(pod({ securityContext: { sysctls: [{ name, value: '1' }] }, ...spec })), why);
  });
}
