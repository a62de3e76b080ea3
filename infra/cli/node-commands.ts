/** Commands for a machine that is a node, or becomes one. Such a machine has these alone, as one file. */
import { type Command, Option } from 'commander';
import { lazily } from './lazily.ts';
import { dataDirOption, kubeconfigOption } from './options.ts';

export const nodeDirectories = {
  config: '/etc/hibernetes',
  /** Where kubelets keep theirs. */
  root: '/var/lib/kubelet',
  logs: '/var/log',
  /** The agent and this command line. */
  programs: '/opt/hibernetes',
} as const;

const configDirOption = (): Option =>
  new Option('--config-dir <dir>', 'where the agent finds its configuration and credential').default(nodeDirectories.config);
const programsOption = (): Option =>
  new Option('--program-directory <dir>', 'where the agent’s program is').default(nodeDirectories.programs);

/** `examinesAccounts`: the code that asks AWS is there. */
export function addNodeCommands(program: Command, { examinesAccounts }: { readonly examinesAccounts: boolean }): void {
  program
    .command('join <server>')
    .description('make this machine a node of the cluster at SERVER (as root, with containerd); token create prints the whole command')
    .requiredOption('--token <token>', 'the token that lets it in')
    .option('--ca-cert-hash <hash>', 'sha256:… of the public key of the cluster’s authority (default: the machine’s authorities)')
    .addOption(new Option('--ca-file <file>', 'the authority itself').conflicts('caCertHash'))
    .option('--name <name>', 'name of the node (default: the machine’s)')
    .option('--node-ip <address>', 'where other nodes reach this one (default: the address that reaches the server)')
    .option('--foreground', 'run the agent here instead of as a service')
    .addOption(configDirOption())
    .addOption(
      new Option('--root-directory <dir>', 'where the agent keeps pods’ volumes, and drivers their sockets').default(nodeDirectories.root),
    )
    .addOption(new Option('--log-directory <dir>', 'below it are the logs of pods').default(nodeDirectories.logs))
    .addOption(programsOption())
    .addOption(new Option('--containerd-config <file>', 'containerd’s configuration').default('/etc/containerd/config.toml'))
    .option('--cgroup-root <path>', 'the cgroup below which pods get theirs')
    .option('--static-pod-path <dir>', 'manifests of pods that the node runs on its own, as kubelet’s staticPodPath')
    .action(lazily(async () => (await import('./join.ts')).joinCluster));

  program
    .command('leave')
    .description('take this machine out of its cluster: its pods move, and nothing of the node is left here')
    .option('--images', 'remove the images of its pods, too')
    .option('--no-drain', 'do not wait until the pods have moved')
    .addOption(new Option('--grace <seconds>', 'how long the pods may take to move').argParser(Number).default(300))
    .option('--force', 'although the API cannot be asked: its Node stays, and must be deleted there')
    .addOption(configDirOption())
    .addOption(programsOption())
    .action(lazily(async () => (await import('./leave.ts')).leaveCluster));
  const doctor = addDiagnosis(program);
  if (examinesAccounts)
    doctor
      .option('--stack <name>', 'examine the AWS account for this stack')
      .option('--region <region>', 'Region of AWS (default: from AWS_REGION or the profile)');
  program
    .command('version')
    .description('which version of hibernetes this is')
    .action(lazily(async () => (await import('./version.ts')).version));
}

/** On any machine: a node, a laptop, or one that is to become either. */
function addDiagnosis(program: Command): Command {
  const doctor = program
    .command('doctor')
    .description('what is wrong with this machine, its node or its cluster, and what to do; exits with 1 for a problem')
    .addOption(dataDirOption())
    .addOption(configDirOption())
    .action(lazily(async () => (await import('./doctor/doctor.ts')).doctor));
  program
    .command('support-bundle [file]')
    .description('write what others need to find a fault into an archive, without secrets')
    .addOption(dataDirOption())
    .addOption(configDirOption())
    .addOption(kubeconfigOption())
    .action(lazily(async () => (await import('./support/support-bundle.ts')).supportBundle));
  return doctor;
}
