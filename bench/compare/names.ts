/** Designs' names, in the order of every table. */
export const DIRECT = 'direct';
export const SSH = 'ssh -R';
export const LOCALTUNNEL = 'localtunnel';
export const STORY = 'the story on serverless-offline';
export const CHAIN = 'bare chain';
export const POLL = 'postern, poll';
export const PUSH = 'postern, push';
export const STREAM = 'postern, streaming door';

export const DESIGNS = [DIRECT, SSH, LOCALTUNNEL, STORY, CHAIN, POLL, PUSH, STREAM];

/** What no design that pushes can do without, by the latency profile. */
export const HOPS = 'unavoidable hops';
