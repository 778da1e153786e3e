// Calls AWS twice a second by one client for the seconds that are named: a line for each call.
const { createRequire } = require("node:module");
const { GetCallerIdentityCommand, STSClient } = createRequire(`${process.argv[2]}/js/`)("@aws-sdk/client-sts");

(async () => {
  const client = new STSClient({});
  const end = Date.now() + 1000 * Number(process.argv[3]);
  while (Date.now() < end) {
    try {
      await client.send(new GetCallerIdentityCommand({}));
      console.log("ok");
    } catch (error) {
      console.log(`failed: ${String(error).replaceAll("\n", " ")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
})();
