/**
 * Upstream's kube-apiserver and etcd as programs: found in a cache folder or on the command line, otherwise built there
 * from their Go modules. They judge; nothing of them becomes a part of the product.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const upstreamVersion = '1.37.2';

export interface Programs {
  readonly kubeApiserver: string;
  readonly etcd: string;
}

export interface ControllerPrograms {
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
}

export interface NodePrograms {
  readonly kubelet: string;
  readonly kubeProxy: string;
}

export interface ProgramPlaces {
  /** Holds `bin/kube-apiserver`, and an etcd in `bin` or `sid/usr/bin`. What is missing is built into `bin`. */
  readonly cache: string;
  readonly kubeApiserver?: string | undefined;
  readonly etcd?: string | undefined;
}

const buildTimeoutMs = 45 * 60_000;

export function findPrograms({ cache, kubeApiserver, etcd }: ProgramPlaces, report: (line: string) => void): Programs {
  const bin = join(cache, 'bin');
  const places = [etcd, join(bin, 'etcd'), join(cache, 'sid/usr/bin/etcd'), '/usr/bin/etcd'];
  return {
    kubeApiserver:
      firstThere([kubeApiserver, join(bin, 'kube-apiserver')]) ??
      build(cache, 'kube-apiserver', 'k8s.io/kubernetes/cmd/kube-apiserver', report),
    etcd: firstThere(places) ?? build(cache, 'etcd', 'go.etcd.io/etcd/server/v3', report),
  };
}

/** Upstream's controllers and scheduler, in the same places. */
export const findControllerPrograms = ({ cache }: ProgramPlaces, report: (line: string) => void): ControllerPrograms => ({
  kubeControllerManager: findProgram(cache, 'kube-controller-manager', report),
  kubeScheduler: findProgram(cache, 'kube-scheduler', report),
});

/** What upstream runs on a node, in the same places. */
export const findNodePrograms = ({ cache }: ProgramPlaces, report: (line: string) => void): NodePrograms => ({
  kubelet: findProgram(cache, 'kubelet', report),
  kubeProxy: findProgram(cache, 'kube-proxy', report),
});

const findProgram = (cache: string, name: string, report: (line: string) => void): string =>
  firstThere([join(cache, 'bin', name)]) ?? build(cache, name, `k8s.io/kubernetes/cmd/${name}`, report);

const firstThere = (places: readonly (string | undefined)[]): string | undefined =>
  places.find((place) => place !== undefined && existsSync(place));

function go(directory: string, args: readonly string[]): string {
  const env = { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
  const { status, stdout, error } = spawnSync('go', args, {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: buildTimeoutMs,
  });
  if (error !== undefined) throw new Error('Go is needed to build kube-apiserver; or name ready programs by --cache', { cause: error });
  if (status !== 0) throw new Error(`go ${args.join(' ')} exited ${status}`);
  return stdout;
}

function build(cache: string, name: string, path: string, report: (line: string) => void): string {
  const [module, target] = [join(cache, 'compare-module'), join(cache, 'bin', name)];
  mkdirSync(join(cache, 'bin'), { recursive: true });
  writeModule(module);
  report(`Building ${name} from its Go module (once, about ten minutes) ...`);
  const variable = 'k8s.io/component-base/version';
  const [major, minor] = upstreamVersion.split('.');
  const versions = [`gitVersion=v${upstreamVersion}`, `gitMajor=${major}`, `gitMinor=${minor}`].map((text) => `-X ${variable}.${text}`);
  go(module, ['build', '-ldflags', ['-s', '-w', ...versions].join(' '), '-o', target, path]);
  return target;
}

/** A module that requires Kubernetes. Its own replacements point into a tree that its module lacks: published versions take their place. */
function writeModule(module: string): void {
  if (existsSync(join(module, 'go.mod'))) return;
  mkdirSync(module, { recursive: true });
  const { Dir: source } = JSON.parse(go(module, ['mod', 'download', '-json', `k8s.io/kubernetes@v${upstreamVersion}`])) as { Dir: string };
  const staging = readFileSync(join(source, 'go.mod'), 'utf8').matchAll(/^\s*(?:replace )?(\S+) => \.\/staging/gm);
  const replacements = [...staging].map(([, path]) => `\t${path} => ${path} v0.${upstreamVersion.slice(2)}`);
  const programs = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'].map(
    (name) => `k8s.io/kubernetes/cmd/${name}`,
  );
  const imports = [...programs, 'go.etcd.io/etcd/server/v3'].map((path) => `\t_ "${path}"`);
  writeFileSync(join(module, 'tools.go'), `//go:build tools\n\npackage judges\n\nimport (\n${imports.join('\n')}\n)\n`);
  const head = `module judges\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v${upstreamVersion}\n`;
  writeFileSync(join(module, 'go.mod'), `${head}\nreplace (\n${replacements.join('\n')}\n)\n`);
  go(module, ['mod', 'tidy']);
}
