// Reads an LNURL and an address with a library that others wrote, and tells what it found.
import { requestInvoice, requestPayServiceParams, utils } from "lnurl-pay";

const lnUrlOrAddress = process.env.LNURL;
const params = await requestPayServiceParams({ lnUrlOrAddress });
const answer = await requestInvoice({ lnUrlOrAddress, tokens: params.min });
const refused = await requestInvoice({ lnUrlOrAddress, tokens: params.min + 1 }).catch((error) => error.message);
console.log(
  JSON.stringify({
    min: params.min,
    max: params.max,
    fixed: params.fixed,
    description: params.description,
    identifier: params.identifier,
    invoice: answer.invoice,
    hasValidAmount: answer.hasValidAmount,
    hasValidDescriptionHash: answer.hasValidDescriptionHash,
    successAction: answer.successAction,
    verify: answer.rawData?.verify ?? null,
    url: utils.decodeUrlOrAddress(lnUrlOrAddress),
    refused,
  }),
);
