/** The writing rules that a machine can check. Each message says what to write instead. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { codeOnly, isTest, root, sourceFiles } from './sources.ts';

interface Rule {
  readonly found: RegExp;
  readonly instead: string;
  /** Files to which it does not apply. */
  readonly except: RegExp;
}

const rim = /^(functions\/world\.ts|functions\/dashboard\/browser\.ts|agent\/main\.ts|infra\/|openapi\/|test\/)/;

const rules: readonly Rule[] = [
  { found: /\bDate\.now\b|\bnew Date\(\)|(?<![.'])\bsetTimeout\b|(?<!\.)\bsetInterval\b/, instead: 'take a Clock', except: rim },
  { found: /\bMath\.random\b|\brandomUUID\b/, instead: 'take Random', except: rim },
  { found: /\bprocess\.env\b/, instead: 'a field of config, checked once', except: /^(functions\/world\.ts|test\/)/ },
  { found: /\bconsole\./, instead: "log.info('constant message', { keys })", except: /^$/ },
  { found: /\bas unknown as\b/, instead: 'narrow, or fix the type', except: /\.(test|contract)\.ts$|^test\// },
  { found: /\bcatch\s*\{/, instead: 'name what you can answer', except: /^$/ },
  // It stays bound to signals that live on.
  { found: /\bAbortSignal\.any\b/, instead: 'jointSignal, and its release', except: /^test\/|\.test\.ts$|^agent\/joint-signal/ },
  { found: /\bFIXME\b|\bTODO\b/, instead: 'do it, or leave it out', except: /^test\/architecture\// },
  { found: /kind\s*[!=]==?\s*'[A-Z]/, instead: 'a property of the definition', except: /^(?!functions\/(apiserver|store|workers)\/)/ },
];

test('sources keep the writing rules', () => {
  const complaints: string[] = [];
  for (const { path, text } of sourceFiles()) {
    const lines = codeOnly(text).split('\n');
    for (const rule of rules.filter(({ except, found }) => !except.test(path) && !(isTest(path) && found.source.includes('kind')))) {
      lines.forEach((line, index) => {
        if (rule.found.test(line)) complaints.push(`${path}:${index + 1}: ${rule.instead}: ${line.trim()}`);
      });
    }
  }
  assert.deepEqual(complaints, []);
});

test('names say what a thing is', () => {
  const banned = /(^|[/-])(utils?|helpers?|common|misc|manager|data|info)(\.|\/|$)/;
  // Kubernetes' own words.
  const words = /\/request-info\./;
  assert.deepEqual(
    sourceFiles()
      .map(({ path }) => path)
      .filter((path) => (banned.test(path) && !words.test(path)) || path !== path.toLowerCase()),
    [],
  );
});

test('no file is longer than 500 lines', () => {
  assert.deepEqual(
    sourceFiles()
      .filter(({ text }) => text.split('\n').length > 501)
      .map(({ path }) => path),
    [],
  );
});

test('links in READMEs lead somewhere', () => {
  const broken: string[] = [];
  const installed = (path: string): boolean => path.includes('node_modules');
  for (const readme of globSync('{*.md,{functions,agent,infra,openapi,test}/**/*.md}', { cwd: root, exclude: installed })) {
    const text = readFileSync(join(root, readme), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (!/^https?:/.test(target) && !existsSync(join(root, dirname(readme), target))) broken.push(`${readme}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

test('generated files are fresh', () => {
  const { status, stderr } = spawnSync('node', ['openapi/generate.ts', '--check'], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

for (const place of ['.', 'openapi/generator']) {
  test(`the lock file in ${place} records no download addresses, and versions are pinned exactly`, () => {
    assert.doesNotMatch(readFileSync(join(root, place, 'package-lock.json'), 'utf8'), /"resolved"/);
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8'));
    const loose = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)),
    );
    assert.deepEqual(loose, []);
  });
}
