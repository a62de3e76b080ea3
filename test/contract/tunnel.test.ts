/** Both carriers of tunnels keep the same promises. */
import { mailHouse, relayHouse, socketPair } from '../support/tunnel-houses.ts';
import { tunnelContract } from './tunnel.contract.ts';

tunnelContract('that both ends have in one process', relayHouse, socketPair);
tunnelContract('by mail', () => mailHouse(), socketPair);
