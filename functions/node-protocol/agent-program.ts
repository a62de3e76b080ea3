/** How a node is asked to run another version of its agent, and reports which one it runs: annotations of its Node. */

/** Below it the API serves what a machine needs to become a node. */
export const joinFilePrefix = '/join/';
/** The files there that list the SHA-256 of each, and that hold the agent. */
export const joinHashesFile = 'hashes.json';
export const agentFileName = 'agent.mjs';

/** Hex SHA-256 of the program that runs; an agent writes it that can replace its own program. */
export const runningProgramAnnotation = 'hibernetes.dev/agent-running';
/** Hex SHA-256 of the program that is to run: one that the API serves as `/join/agent.mjs`. */
export const wantedProgramAnnotation = 'hibernetes.dev/agent-wanted';
/** The program that was tried and given up, if one was. */
export const refusedProgramAnnotation = 'hibernetes.dev/agent-refused';
