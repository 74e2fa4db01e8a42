package dev.weir.actors.meter;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** On a component of a message: settings that say on the wire whose they are. */
@Retention(RetentionPolicy.RUNTIME)
@JacksonAnnotationsInside
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
@JsonSubTypes({
    @JsonSubTypes.Type(value = KeySettings.class, name = "key"),
    @JsonSubTypes.Type(value = AccountSettings.class, name = "account"),
})
@interface Tagged {}
