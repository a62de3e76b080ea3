/** The same commands as on one process, on functions that wake and sleep. */
import { everydayCommands } from '../kubectl/commands.contract.ts';

everydayCommands('kubectl on functions', { cloud: 'local' });
