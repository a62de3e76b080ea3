/** The CDK app, as a function of what was chosen: the command line, `npm run synth` and the tests all make it here. */
import { App, Validations, type AppProps } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { AccessVariables } from './access-configurations.ts';
import type { BundleOf } from './cluster-function.ts';
import { choicesIn, deploymentOf, type Context } from './deployment.ts';
import { ControlPlaneStack } from './stack.ts';

export interface StackParts {
  readonly bundleOf: BundleOf;
  /** None: callers are those of IAM and of the cluster, and RBAC decides. */
  readonly access?: AccessVariables;
}

export interface AppOptions extends StackParts {
  readonly app?: AppProps;
}

export const emptyApp = (props: AppProps = {}): App => new App({ analyticsReporting: false, ...props });

export const contextOf =
  (app: App): Context =>
  (name) =>
    app.node.tryGetContext(name);

export function addStack(app: App, { bundleOf, access = {} }: StackParts): void {
  const context = contextOf(app);
  const deployment = deploymentOf(context);
  Validations.of(app).addPlugins(new AwsSolutionsChecks());
  new ControlPlaneStack(app, deployment.stackName, { deployment, choices: choicesIn(context), bundleOf, access });
}

export function createApp({ app: props, ...parts }: AppOptions): App {
  const app = emptyApp(props);
  addStack(app, parts);
  return app;
}
