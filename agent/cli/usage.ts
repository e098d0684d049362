import { COST_FLAGS, DEV_FLAGS, EMULATOR_FLAGS, type Flag, GENERAL_FLAGS, TUNNEL_FLAGS, UP_FLAGS } from './flags.ts';

export function usageText(version: string): string {
  return `postern ${version} - your local web server under a public URL, through your own AWS account

Usage
  postern <upstream>         open a tunnel to 3000, host:port or http(s)://host:port
  postern dev [upstream]     the same with the whole stack on this machine, no AWS needed
  postern up [names]         open the tunnels of postern.yml, all or those named
  postern ids list           show the tunnel ids that are yours
  postern ids reserve <id>   keep a tunnel id, in use or not, until you release it
  postern ids release <id>   give a tunnel id up
  postern config validate    check postern.yml, and show what up would open
  postern emulator           run any compiled stack on this machine: API Gateway, Lambda, DynamoDB
  postern cost               what a month costs in AWS: of a load you describe, or as an emulator metered it
  postern token [subject]    make a token, and the entry for the stage's setting POSTERN_TOKENS

Options (ids knows --endpoint, --token, --connect-timeout and --json)
${table([...TUNNEL_FLAGS, ...GENERAL_FLAGS])}

Options of dev
${table(DEV_FLAGS)}

Options of up (config validate knows --config and --json)
${table(UP_FLAGS)}

Options of emulator
${table(EMULATOR_FLAGS)}

Options of cost
${table(COST_FLAGS)}

Exit codes
  0 done · 1 the stack cannot run (dev, emulator) · 2 usage · 3 credentials refused · 4 tunnel id taken
  5 edge unreachable · 6 edge lost, given up
  up: 0 when every tunnel was stopped, else that of the first to fail, once all have ended

Times are seconds, or have a unit: 500ms, 10s, 1m. A file .env in the working directory is read; what is
set already wins.
`;
}

function table(flags: readonly Flag[]): string {
  return flags.map(({ name, text }) => `  ${name.padEnd(26)} ${text}`).join('\n');
}
