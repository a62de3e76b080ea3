/** Makes one module of each function: what a cloud is given, and what runs here in its place. */
import { build, type Metafile, type Plugin } from 'esbuild';
import { copyFileSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { descriptionsFile } from '../../functions/lambda/bundled-descriptions.ts';
import { manifest } from '../../functions/manifest.ts';
import { dashboardDirectory } from '../../functions/lambda/bundled-dashboard-files.ts';
import { writeDashboard } from './dashboard.ts';
import { copyJoinFiles } from './join-files.ts';

export interface Bundle {
  /** Below `functions/`: `api.web.ts`. */
  readonly entry: string;
  /** The module: `OUT/api.web/index.mjs`. */
  readonly file: string;
  /** The size of the code read before the first invocation: the module, and the parts that it cannot do without. */
  readonly bytes: number;
  /** The size of everything, compressed as in a zip file. */
  readonly zippedBytes: number;
  /** What the code that is read at first was made of, and how many bytes of it each became. */
  readonly sources: Readonly<Record<string, number>>;
}

const root = join(import.meta.dirname, '../..');
/** The extension of sources: `.ts` in a clone, `.js` in the npm package. */
const extension = extname(import.meta.filename);
const asHere = (file: string): string => file.replace(/\.ts$/, extension);
const functionsDirectory = join(root, 'functions');

/** Every root: those of the manifest, and the other hosts of the API. */
export const entries: readonly string[] = [...new Set([...manifest.map(({ entry }) => entry), 'api.web.ts', 'api.server.ts'])];

/** Packages written for `require` find one. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Tables that are read when they are first needed. See functions/kube/generated-table.ts. */
const tableReader = asHere('functions/kube/generated-table.ts');
const tablesDirectory = join(functionsDirectory, 'kube/generated');

/** Texts of `kubectl explain`, where `npm run generate:descriptions` has collected them. */
const descriptionsReader = asHere('functions/lambda/bundled-descriptions.ts');
const dashboardReader = asHere('functions/lambda/bundled-dashboard-files.ts');
const joinReader = asHere('functions/lambda/bundled-join-files.ts');
const collectedDescriptions = join(root, '.cache/openapi', descriptionsFile);

/** A function's credentials are in its environment; the SDK would bring every other place where some could be. */
const environmentCredentials: Plugin = {
  name: 'environment-credentials',
  setup({ onResolve }) {
    const path = join(import.meta.dirname, asHere('environment-credentials.ts'));
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path }));
  },
};

/** Hosts that are no function, where credentials may come from anywhere. */
const servers: readonly string[] = ['api.server.ts'];

/** Code that most calls never need, such as a YAML parser, is in files beside the module. A call that needs it loads it. */
export async function bundleFunction(entry: string, outDirectory: string): Promise<Bundle> {
  const directory = join(outDirectory, basename(entry, '.ts'));
  // Parts of an earlier build would be uploaded too.
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: join(functionsDirectory, asHere(entry)), out: 'index' }],
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    metafile: true,
    plugins: servers.includes(entry) ? [] : [environmentCredentials],
    legalComments: 'none',
    banner: { js: banner },
    logLevel: 'error',
  });
  if (tableReader in metafile.inputs) copyTables(join(directory, 'generated'));
  if (descriptionsReader in metafile.inputs && existsSync(collectedDescriptions))
    copyFileSync(collectedDescriptions, join(directory, descriptionsFile));
  if (joinReader in metafile.inputs) await copyJoinFiles(directory);
  if (dashboardReader in metafile.inputs) await writeDashboard(join(directory, dashboardDirectory));
  return { entry, file: join(directory, 'index.mjs'), ...readAtFirst(metafile), zippedBytes: zippedBytesOf(directory) };
}

/** In one line each: the form in which a change can be read is half as large again. */
function copyTables(directory: string): void {
  mkdirSync(directory);
  for (const name of globSync('*.json', { cwd: tablesDirectory }))
    writeFileSync(join(directory, name), JSON.stringify(JSON.parse(readFileSync(join(tablesDirectory, name), 'utf8'))));
}

/** The module, and whatever it imports without waiting until it is wanted. */
function readAtFirst({ outputs }: Metafile): Pick<Bundle, 'bytes' | 'sources'> {
  const waiting = Object.keys(outputs).filter((path) => basename(path) === 'index.mjs');
  const seen = new Set<string>();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement' && next in outputs) waiting.push(next);
  }
  const parts = [...seen].flatMap((path) => outputs[path] ?? []);
  const sources = parts.flatMap(({ inputs }) => Object.entries(inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const));
  return { bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0), sources: Object.fromEntries(sources) };
}

const zippedBytesOf = (directory: string): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + deflateRawSync(readFileSync(join(parentPath, name))).length, 0);

export const bundleAll = (outDirectory: string): Promise<readonly Bundle[]> =>
  Promise.all(entries.map((entry) => bundleFunction(entry, outDirectory)));
