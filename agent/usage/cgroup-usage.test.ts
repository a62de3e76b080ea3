import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openCgroups } from './cgroup-usage.ts';
import { cpuNanosecondsIn, memoryIn, networkInterfacesIn } from './machine-usage.ts';

const root = mkdtempSync(join(tmpdir(), 'cgroups-'));
after(() => rmSync(root, { recursive: true }));

function hierarchy(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name, path)), { recursive: true });
    writeFileSync(join(root, name, path), text);
  }
  return join(root, name);
}

describe('the usage of a cgroup', () => {
  test('the usage of a cgroup is read from the hierarchies of version 1', async () => {
    const cgroups = await openCgroups(
      hierarchy('one', {
        'cpuacct/pod/cpuacct.usage': '1500\n',
        'cpu/pod/cpu.stat': 'nr_periods 4\nnr_throttled 2\nthrottled_time 99\n',
        'memory/pod/memory.usage_in_bytes': '1000\n',
        'memory/pod/memory.stat': 'inactive_file 1\ntotal_inactive_file 300\ntotal_rss 200\ntotal_cache 500\n',
        'memory/pod/cgroup.procs': '77\n78\n',
        'pids/pod/pids.current': '3\n',
      }),
    );
    const usage = await cgroups.read('/pod');
    assert.deepEqual(
      [
        usage?.cpuNanoseconds,
        usage?.cpuThrottledPeriods,
        usage?.cpuThrottledNanoseconds,
        usage?.workingSetBytes,
        usage?.rssBytes,
        usage?.processes,
      ],
      [1500, 2, 99, 700, 200, 3],
    );
    assert.equal(await cgroups.processOf('/pod'), 77);
    assert.equal(await cgroups.read('/gone'), undefined);
  });

  test('the usage of a cgroup is read from the one hierarchy of version 2', async () => {
    const cgroups = await openCgroups(
      hierarchy('two', {
        'cgroup.controllers': 'cpu memory pids\n',
        'kubepods.slice/cpu.stat': 'usage_usec 7\nnr_periods 4\nnr_throttled 1\nthrottled_usec 5\n',
        'kubepods.slice/memory.current': '1000\n',
        'kubepods.slice/memory.stat': 'anon 600\nfile 350\ninactive_file 100\npgfault 9\n',
        'kubepods.slice/memory.events': 'low 0\nmax 3\noom_kill 1\n',
        'kubepods.slice/cgroup.procs': '',
      }),
    );
    const usage = await cgroups.read('/kubepods.slice');
    assert.deepEqual(
      [
        usage?.cpuNanoseconds,
        usage?.cpuThrottledNanoseconds,
        usage?.workingSetBytes,
        usage?.rssBytes,
        usage?.outOfMemoryKills,
        usage?.swapBytes,
      ],
      [7000, 5000, 900, 600, 1, 0],
    );
    assert.equal(await cgroups.processOf('/kubepods.slice'), undefined);
  });
});

test('the kernel’s tables of the machine are understood', () => {
  assert.equal(cpuNanosecondsIn('cpu  1 2 3 1000 2000 4 5 6 0 0\ncpu0 9 9\n'), 21 * 10_000_000);
  assert.equal(memoryIn('MemTotal:       2 kB\nInactive(file):    1 kB\n')('Inactive(file)'), 1024);
  const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  eth0:100 2 3 4 0 0 0 0 200 6 7 8 0 0 0 0
`;
  assert.deepEqual(networkInterfacesIn(table), [
    {
      name: 'eth0',
      receivedBytes: 100,
      receivedPackets: 2,
      receiveErrors: 3,
      receiveDropped: 4,
      sentBytes: 200,
      sentPackets: 6,
      sendErrors: 7,
      sendDropped: 8,
    },
  ]);
});
