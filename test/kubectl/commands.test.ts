import { everydayCommands } from './commands.contract.ts';

everydayCommands('kubectl');
