/** The command line of a machine that is a node: what the API serves as `/join/hibernetes.mjs`. */
import { Command } from 'commander';
import { addNodeCommands } from './node-commands.ts';
import { letPrintJson } from './options.ts';
import { runProgram } from './run-program.ts';

const program = new Command('hibernetes')
  .description('A node of a Hibernetes cluster: what can be done on this machine')
  .showHelpAfterError('(--help lists the flags)');
addNodeCommands(program, { examinesAccounts: false });
letPrintJson(program);
await runProgram(program);
