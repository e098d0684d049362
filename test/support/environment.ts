/** Loaded before every test. The SDK's warning about Node 20 speaks of 2027, and of nothing that is tested. */
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
