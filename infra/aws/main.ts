/** What `cdk deploy` runs (see cdk.json): bundles the functions, then describes the stack. Needs no credentials and no network. */
import { createApp } from './app.ts';
import { bundleProgram } from './program.ts';

const program = await bundleProgram();
createApp(program).synth();
