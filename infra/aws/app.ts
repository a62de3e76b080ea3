/** The CDK app, as a function of what was chosen: the command line, `npm run synth` and the tests all make it here. */
import { App, Validations, type AppProps } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { BundleOf } from './cluster-function.ts';
import { choicesIn, deploymentOf, type Context } from './deployment.ts';
import { ControlPlaneStack } from './stack.ts';

export interface AppOptions {
  readonly bundleOf: BundleOf;
  /** The agent's bundle, for machines that are made here. */
  readonly app?: AppProps;
}

export function createApp({ bundleOf, app: props = {} }: AppOptions): App {
  const app = new App({ analyticsReporting: false, ...props });
  const context: Context = (name) => app.node.tryGetContext(name);
  const deployment = deploymentOf(context);
  Validations.of(app).addPlugins(new AwsSolutionsChecks());
  new ControlPlaneStack(app, deployment.stackName, { deployment, choices: choicesIn(context), bundleOf });
  return app;
}
