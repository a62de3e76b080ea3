/** What a machine fetches to become a node. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { createJoinFiles, type JoinFiles } from './join-files.ts';
import { joinScript } from './join-script.ts';
import type { ApiRequest } from '../ports.ts';
import { requestInfoOf } from '../http/request-info.ts';

const files: JoinFiles = {
  hashes: async () => ({ 'agent.mjs': 'aa', 'hibernetes.mjs': 'bb' }),
  read: async (name) => (name === 'agent.mjs' ? new Uint8Array([1, 2, 3]) : undefined),
};
const extensions = createJoinFiles({ files, apiUrl: (host) => `https://${host}`, caPem: "it's a certificate" });

async function get(path: string, method = 'GET'): Promise<Response> {
  const url = new URL(`https://10.0.0.1:6443${path}`);
  const request = new Request(url, { method });
  const call: ApiRequest = { request, url, info: requestInfoOf(request.method, url), user: { name: 'n', groups: [] }, connection: {} };
  const extension = extensions.find(({ prefix }) => path.startsWith(prefix));
  assert.ok(extension);
  return extension.fetch(call);
}

test('the script names the server as the machine reached it, and each file’s hash', async () => {
  const text = await (await get('/join.sh')).text();
  assert.match(text, /^server='https:\/\/10\.0\.0\.1:6443'$/m);
  assert.match(text, /^ {4}agent\.mjs\) echo aa ;;$/m);
});

test('a shell understands the script, whatever the texts in it contain', () => {
  const script = joinScript({ server: "https://a/'; exit 3; '", caPem: "it's\n$(exit 4) `exit 5`", hashes: {} });
  const printed = execFileSync('sh', ['-s', '--', 'x'], { input: script.replace('main "$@"', 'printf "%s|%s" "$server" "$authority"') });
  assert.equal(printed.toString(), "https://a/'; exit 3; '|it's\n$(exit 4) `exit 5`");
});

test('a script that was cut off anywhere does nothing', () => {
  const script = joinScript({ server: 'https://a', caPem: undefined, hashes: {} });
  assert.equal(script.trimEnd().split('\n').at(-1), 'main "$@"');
  const cut = script.slice(0, script.lastIndexOf('main "$@"'));
  assert.equal(execFileSync('sh', ['-s'], { input: cut }).toString(), '');
});

test('files come as they are, and nothing else is there', async () => {
  const response = await get('/join/agent.mjs');
  assert.equal(response.headers.get('content-length'), '3');
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array([1, 2, 3]));
  for (const [path, method] of [['/join/other'], ['/join/'], ['/join.sh2'], ['/join.sh', 'POST'], ['/join/agent.mjs', 'DELETE']] as const)
    await assert.rejects(get(path, method), { code: 404 }, path);
});
