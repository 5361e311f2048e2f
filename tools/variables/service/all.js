module.exports = async ({ resolveConfigurationProperty }) => Object.keys(await resolveConfigurationProperty([])).length > 1;
