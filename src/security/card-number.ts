/** First digits and lengths of the card schemes in use, Brazilian ones included. */
const SCHEMES = [
  /^4\d{15}$/, // Visa; also Elo
  /^(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/, // Mastercard
  /^3[47]\d{13}$/, // American Express
  /^3(?:0[0-5]|[689]\d)\d{11}$/, // Diners Club
  /^(?:6011|64[4-9]\d|65\d{2})\d{12}$/, // Discover; also Elo
  /^35(?:2[89]|[3-8]\d)\d{12}$/, // JCB
  /^(?:606282\d{10}|3841\d{12})$/, // Hipercard
  /^(?:50(?:41|66|67|90)|6277|6362|6363)\d{12}$/, // Elo
];

const luhnHolds = (digits: string): boolean => {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
};

/** Whether bare digits are a payment card: a scheme's prefix and length, and Luhn's check digit. */
export const isCardNumber = (digits: string): boolean =>
  SCHEMES.some((scheme) => scheme.test(digits)) && luhnHolds(digits);

/** Whether a number is written as on a card: groups of 4-4-4-4, 4-6-5 or 4-6-4. */
export const isGroupedLikeACard = (text: string): boolean =>
  /^\d{4}([ -])(?:\d{4}\1\d{4}\1\d{4}|\d{6}\1\d{4,5})$/.test(text);
