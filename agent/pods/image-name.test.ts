import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageNameProblem } from './image-name.ts';

const digest = `sha256:${'a1'.repeat(32)}`;

test('names of images', () => {
  const names = [
    'nginx',
    'nginx:1.27',
    'nginx/nginx:v1',
    'tomcat/tomcat-8.5-jre8:v1',
    'a__b/c--d.e_f',
    'localhost/app',
    'localhost:5000/team/app:V1.2_x',
    'Registry.Example.com/app',
    '[::1]:5000/app',
    `app@${digest}`,
    `registry.k8s.io/pause:3.10@${digest}`,
  ];
  for (const name of names) assert.equal(imageNameProblem(name), undefined, name);
});

test('an invalid image name is refused with its reason', () => {
  const problems: readonly (readonly [name: string, why: string])[] = [
    ['UPPER:v1', 'invalid reference format: repository name (library/UPPER) must be lowercase'],
    ['team/App', 'invalid reference format: repository name (team/App) must be lowercase'],
    ['nginx:', 'invalid reference format'],
    ['nginx:v1:v2', 'invalid reference format'],
    ['nginx@sha256:12', 'invalid reference format'],
    ['-nginx', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['https://example.com/app', 'invalid reference format'],
    ['a1'.repeat(32), `invalid repository name (${'a1'.repeat(32)}), cannot specify 64-byte hexadecimal strings`],
  ];
  for (const [name, why] of problems) assert.equal(imageNameProblem(name), `couldn't parse image name "${name}": ${why}`);
});
