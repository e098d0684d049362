/**
 * The gateway's own words to a client, byte for byte: a space after `"message":` and the commas, none after the other
 * colons (WS-33, WS-34). Clients meet it as a text frame; refused handshakes carry it as their body (WS-04).
 */
export function gatewayMessage(message: string, connectionId: string, requestId: string): string {
  return `{"message": ${JSON.stringify(message)}, "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}
