/**
 * The numbers both sides must agree on. Sizes are bytes as they travel (UTF-8, base64 included).
 */

/** A message after reassembly; the gateway closes the connection with 1009 above it. @see WS-42, MG-11 */
export const MESSAGE_BYTES = 131_072;

/** A single frame; the gateway closes the connection with 1009 above it. @see WS-41 */
export const FRAME_BYTES = 32_768;

/** What we put into one frame: below the limit even if the gateway counts the frame's own header. */
export const SENT_FRAME_BYTES = 32_000;

/**
 * Raw bytes of a body in one part. As base64 it is 128,000 bytes, which leaves 3,072 for the envelope and fills
 * four billed units of 32 KB; a multiple of 3, so that no part but the last is padded.
 */
export const PART_BYTES = 96_000;

/** More parts than any door can carry (a 200 MB stream has 2,185): a larger number is malformed. */
export const MAX_PARTS = 4_096;

/** How long the agent waits for `connection_established` after `ready`, in milliseconds. */
export const HANDSHAKE_MS = 10_000;

/** A version 1 agent's own `ping` interval, and what the edge asks of others, in seconds: well inside WS-46's 600. */
export const HEARTBEAT_SECONDS = 300;

/** A connection lives two hours at most, whatever its activity, in seconds. @see WS-47 */
export const CONNECTION_LIFE_SECONDS = 7_200;

/** When the edge asks an agent to have renewed its connection, in seconds: ten minutes before the end. */
export const RENEW_AFTER_SECONDS = 6_600;
