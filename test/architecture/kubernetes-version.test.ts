/** One constant spells the version of Kubernetes. Whatever else names one agrees with it. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kubernetesVersion } from '../../functions/kube/kubernetes-version.ts';
import { root } from './sources.ts';

const [major, minor] = kubernetesVersion.split('.');

interface Rule {
  readonly found: RegExp;
  /** What the first group of the expression has to be the beginning of. */
  readonly expected: string;
}

const rules: readonly Rule[] = [
  { found: /\bKubernetes v?(\d+\.\d+(?:\.\d+)?)/g, expected: kubernetesVersion },
  { found: /\bkube-(?:probe|apiserver)[ /]v?(\d+\.\d+(?:\.\d+)?)/g, expected: kubernetesVersion },
  { found: /(?:\bv|"v?)(\d+\.\d+\.\d+)\+hibernetes/g, expected: kubernetesVersion },
  { found: /\b(?:git|kubelet|code)Version['"]?: ['"]v?(\d+\.\d+\.\d+)/g, expected: kubernetesVersion },
  // Libraries of the same release.
  {
    found: /\bk8s\.io\/(?:api|apimachinery|apiextensions-apiserver|client-go|kube-aggregator) v(\d+\.\d+\.\d+)/g,
    expected: kubernetesVersion.replace('1', '0'),
  },
];

/** Every text of the tree but what others have made, and data that older versions have left. */
const texts = globSync('{*,{functions,agent,infra,openapi,test}/**/*}.{ts,md,sh,json,mod}', {
  cwd: root,
  exclude: (path) => /node_modules|package-lock|^test\/golden\/.*\.json$/.test(path),
});

test('no text names another version of Kubernetes', () => {
  const others = [...texts, 'NOTICE'].flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return rules.flatMap(({ found, expected }) =>
      [...text.matchAll(found)].filter(([, version = '']) => !`${expected}.`.startsWith(`${version}.`)).map(([name]) => `${path}: ${name}`),
    );
  });
  assert.deepEqual(others, [], `this is Kubernetes ${kubernetesVersion} (functions/kube/kubernetes-version.ts)`);
});

test('code has the version from the constant', () => {
  const spelled = texts.filter((path) => path.endsWith('.ts') && /\d\.\d+\.\d+\+hibernetes/.test(readFileSync(join(root, path), 'utf8')));
  assert.deepEqual(spelled, []);
});

test('the README names the version', () => {
  assert.match(readFileSync(join(root, 'README.md'), 'utf8'), new RegExp(`Kubernetes ${kubernetesVersion.replaceAll('.', '\\.')}\\b`));
  assert.match(readFileSync(join(root, 'NOTICE'), 'utf8'), new RegExp(`Kubernetes ${major}\\.${minor}\\b`));
});
