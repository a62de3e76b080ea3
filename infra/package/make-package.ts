/**
 * Makes the npm package, `dist/hibernetes-VERSION.tgz`: the sources as JavaScript, since Node runs no TypeScript below
 * `node_modules`, in the same folders; what they read at run time; and the files of the dashboard in place of its sources.
 * `npm run package` prints the file's name.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { dashboardBundle, writeDashboard } from '../bundle/dashboard.ts';
import { packagedDashboard } from '../bundle/packaged-dashboard.ts';

const root = join(import.meta.dirname, '../..');

/** Besides modules. */
const copied = [
  'README.md',
  'LICENSE',
  'NOTICE',
  'infra/cli/hibernetes',
  'infra/**/*.md',
  '{functions,infra,agent}/**/*.json',
  'openapi/kubernetes-v*.json',
];
const notCopied = [/^infra\/package\//, /^functions\/dashboard\//, /upstream-verdicts/];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** What `deploy` needs, ten times as large as all else: installed by people who deploy. */
const deploys = ['aws-cdk', 'aws-cdk-lib', 'cdk-nag', 'constructs'];

function publishedManifest(manifest: Manifest): object {
  const { name, version, description, license, bin, engines, dependencies, devDependencies, optionalDependencies } = manifest;
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    bin,
    engines,
    exports: Object.fromEntries(
      Object.entries(manifest.exports).map(([path, file]) => [
        path,
        { types: file.replace(/\.ts$/, '.d.ts'), default: file.replace(/\.ts$/, '.js') },
      ]),
    ),
    dependencies,
    optionalDependencies,
    peerDependencies: Object.fromEntries(deploys.map((peer) => [peer, devDependencies[peer]])),
    peerDependenciesMeta: Object.fromEntries(deploys.map((peer) => [peer, { optional: true }])),
  };
}

function copy(file: string, target: string): void {
  const to = join(target, file);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(join(root, file), to);
}

/** With the licences of the packages whose code a browser gets: all others npm installs with theirs. */
async function addDashboard(target: string): Promise<void> {
  const directory = join(target, relative(root, packagedDashboard));
  await writeDashboard(directory);
  const { packages } = await dashboardBundle();
  const licenses = packages.map((name) => `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n`);
  writeFileSync(join(directory, '../LICENSES'), licenses.join('\n\n'));
}

/** Makes it in the directory. Returns the package's file. */
export async function makePackage(directory: string = join(root, 'dist')): Promise<string> {
  const target = join(directory, 'package');
  rmSync(target, { recursive: true, force: true });
  const settings = join(import.meta.dirname, 'tsconfig.json');
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', settings, '--outDir', target], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const files = globSync(copied, { cwd: root }).filter((file) => !notCopied.some((pattern) => pattern.test(file)));
  for (const file of files) copy(file, target);
  await addDashboard(target);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(publishedManifest(manifest), undefined, 2)}\n`);
  writeFileSync(join(target, 'cdk.json'), readFileSync(join(root, 'cdk.json'), 'utf8').replace('main.ts', 'main.js'));
  const printed = execFileSync('npm', ['pack', '--json', '--pack-destination', directory], { cwd: target, encoding: 'utf8' });
  const [packed] = JSON.parse(printed) as readonly { readonly filename: string }[];
  return join(directory, packed?.filename ?? '');
}

if (import.meta.main) process.stdout.write(`${await makePackage()}\n`);
