/**
 * Common Log Format, as every event has it: `09/Feb/2024:18:11:43 +0000`.
 * @param epochMs milliseconds
 */
export function requestTime(epochMs: number): string {
  const utc = new Date(epochMs).toUTCString(); // `Fri, 09 Feb 2024 18:11:43 GMT`
  return `${utc.slice(5, 7)}/${utc.slice(8, 11)}/${utc.slice(12, 16)}:${utc.slice(17, 25)} +0000`;
}
