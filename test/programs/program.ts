/** What a program brings to be tried: how it is built, what its images hold, and how it is installed, used and removed. */
import type { Run } from '../../agent/network/run.ts';
import type { Kubectl } from '../support/kubectl.ts';

/** Programs of one Go module. They are linked statically and built in the module's own directory, with its own go.mod. */
export interface GoModule {
  readonly kind: 'go';
  readonly path: string;
  /** Packages with a main function, by the name of the program that becomes of them. */
  readonly packages: Readonly<Record<string, string>>;
  /** Passed to the linker besides -s -w. */
  readonly linkerFlags?: (version: string) => string;
}

/** Programs of a Debian package, which is unpacked with all that it depends on. Its version is upstream's part of the package's. */
export interface DebianPackage {
  readonly kind: 'debian';
  readonly package: string;
  /** Debian packages that the program needs besides. */
  readonly with?: readonly string[];
  /** The programs that the package holds. */
  readonly programs: readonly string[];
}

/** A library of PyPI with all that it depends on, as wheels for the Python of our Debian. */
export interface PythonPackage {
  readonly kind: 'python';
  readonly package: string;
}

export type Source = GoModule | DebianPackage | PythonPackage;

export interface ImageRecipe {
  /** In full, as the program's own manifests name it. */
  readonly name: string;
  /** Where in the image each program of a Go module stands, by the program's name. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  /** As the program's own Dockerfile sets it. */
  readonly user?: string;
  /** What stands in the image besides. Default: as good as nothing. */
  readonly on?: 'shell' | 'debian' | 'python';
}

/** One attempt to use the program. */
export interface Attempt {
  /** Another in each attempt, so that what one attempt made does not let the next succeed. */
  readonly id: string;
  /** What has not happened after this is taken for what does not happen. */
  readonly limitMs: number;
}

/** The cluster that a program is tried on, and what belongs to the program. */
export interface Stand {
  readonly kubectl: Kubectl;
  readonly kubeconfig: string;
  /** An empty directory, removed afterwards. */
  readonly directory: string;
  /** The files of the module or package: its charts and manifests. */
  sourceDirectory(version: string): string;
  /** A program that runs beside the cluster, as a user runs it. */
  program(name: string, version: string): string;
  apply(manifests: string): Promise<void>;
  helm(...args: string[]): Promise<string>;
  insideNode(name: string): Run;
}

export interface Program {
  /** The program's folder below test/programs. */
  readonly name: string;
  /** The first is installed, and each next one is an upgrade. */
  readonly versions: readonly string[];
  /** What an attempt proves, in the README: "`kubectl top` shows its pod". */
  readonly proves: string;
  readonly source: Source;
  readonly images?: (version: string) => readonly ImageRecipe[];
  /** Installed before it, and not removed. */
  readonly needs?: readonly Program[];
  /** Further words of `hibernetes up`. */
  readonly flags?: readonly string[];
  /** `NAMESPACE KIND/NAME` of what is stopped to see that an attempt fails without it. None: it runs beside the cluster. */
  readonly controllers: readonly string[];
  /** Installs this version, or upgrades to it. Resolves when the program is ready. */
  install(stand: Stand, version: string): Promise<void>;
  /** Rejects when the program does not do what it is for. */
  use(stand: Stand, attempt: Attempt, version: string): Promise<void>;
  /** Removes the program and sees that it is gone. */
  remove(stand: Stand): Promise<void>;
}
