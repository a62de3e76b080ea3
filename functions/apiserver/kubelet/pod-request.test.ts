import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubeletPath } from './pod-request.ts';

const pod = { namespace: 'default', name: 'web' };
const paths: readonly (readonly [subresource: string, query: string, path: string])[] = [
  ['log', 'container=c', '/containerLogs/default/web/c'],
  ['log', 'container=c&follow=true&previous=false&timestamps=', '/containerLogs/default/web/c?follow=true&timestamps=true'],
  [
    'log',
    'container=c&tailLines=5&limitBytes=9&sinceSeconds=3&stream=Stderr&pretty=true',
    '/containerLogs/default/web/c?sinceSeconds=3&tailLines=5&limitBytes=9&stream=Stderr',
  ],
  ['log', 'container=c&sinceTime=2026-11-30T01:02:03Z', '/containerLogs/default/web/c?sinceTime=2026-11-30T01%3A02%3A03Z'],
  [
    'exec',
    'container=c&stdin=true&stdout=1&stderr=false&tty=0&command=sh&command=-c&command=echo+a%26b',
    '/exec/default/web/c?input=1&output=1&command=sh&command=-c&command=echo+a%26b',
  ],
  ['attach', 'container=c&stdin=true&stdout=true&tty=true', '/attach/default/web/c?input=1&output=1&tty=1'],
  ['portforward', '', '/portForward/default/web'],
  ['portforward', 'ports=80&ports=443', '/portForward/default/web?port=80%2C443'],
];
for (const [subresource, query, path] of paths) {
  test(`a kubelet is asked for ${subresource}${query === '' ? '' : ` with ${query}`} by its own path`, () => {
    assert.equal(kubeletPath({ subresource, pod, query: new URLSearchParams(query) }), path);
  });
}
