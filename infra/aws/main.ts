/** What `cdk deploy` runs (see cdk.json): bundles the functions, then describes the stack. Needs no credentials and no network. */
import { accessVariables } from './access-configurations.ts';
import { addStack, contextOf, emptyApp } from './app.ts';
import { bundleProgram } from './program.ts';

const app = emptyApp();
const access = await accessVariables(contextOf(app));
addStack(app, { ...(await bundleProgram()), access });
app.synth();
